import { useState } from "react";
import { idleText } from "@playspawn/shared/words/time.ts";
import {
  choicesWith,
  idleFromField,
  idleFromMinutes,
  idleMinutesMax,
  idleToField,
  idleToMinutes,
  otherIdle,
} from "../../lib/idle.ts";
import { SelectField, TextField } from "../../ui/fields.tsx";

interface Props {
  seconds: number | null;
  fault?: string | undefined;
  /** 0, which the API refuses, for what was typed and is no idle time. */
  onChange: (seconds: number | null) => void;
}

export function IdleField({ seconds, fault, onChange }: Props) {
  const [minutes, setMinutes] = useState<string>();
  // What was typed counts until the time is another: taken back, or changed elsewhere.
  const isTyped = minutes !== undefined && idleFromMinutes(minutes) === seconds;
  const type = (text: string): void => {
    setMinutes(text);
    onChange(idleFromMinutes(text));
  };
  const pick = (value: string): void => {
    if (value === otherIdle) return type(idleToMinutes(seconds));
    setMinutes(undefined);
    onChange(idleFromField(value));
  };
  return (
    <div className="grid gap-4">
      <SelectField
        label="Sleep when empty for"
        help="The world is saved first. Joining wakes it."
        name={isTyped ? undefined : "idleSeconds"}
        fault={isTyped ? undefined : fault}
        value={isTyped ? otherIdle : idleToField(seconds)}
        onChange={(event) => pick(event.target.value)}
        className="max-w-64"
      >
        {choicesWith(isTyped ? null : seconds, idleText(seconds)).map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
        <option value={otherIdle}>Another time…</option>
      </SelectField>
      {isTyped && (
        <TextField
          label="Minutes"
          name="idleSeconds"
          type="number"
          inputMode="numeric"
          min={1}
          max={idleMinutesMax}
          className="max-w-64"
          autoFocus
          fault={fault && "From 1 to 43,200, which is 30 days."}
          value={minutes}
          onFocus={(event) => event.target.select()}
          onChange={(event) => type(event.target.value)}
        />
      )}
    </div>
  );
}
