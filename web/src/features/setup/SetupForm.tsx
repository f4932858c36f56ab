import { useState } from "react";
import { passwordMin, strength } from "../../lib/password.ts";
import type { Problem } from "@playspawn/shared/api/problem.ts";
import { Button } from "../../ui/Button.tsx";
import { cx } from "../../ui/cx.ts";
import { TextField } from "../../ui/fields.tsx";
import { ProblemNote } from "../../ui/notices.tsx";
import { useFocusFault } from "../../ui/use-focus-fault.ts";

export interface SetupValues {
  email: string;
  password: string;
  again: string;
}

interface Props {
  busy: boolean;
  faults: Record<string, string>;
  problem: Problem | undefined;
  onSubmit: (values: SetupValues) => void;
}

export function SetupForm({ busy, faults, problem, onSubmit }: Props) {
  const [values, setValues] = useState<SetupValues>({ email: "", password: "", again: "" });
  const field = (name: keyof SetupValues) => ({
    name,
    value: values[name],
    fault: faults[name],
    onChange: (event: { target: { value: string } }) => setValues({ ...values, [name]: event.target.value }),
  });
  const form = useFocusFault(faults);
  return (
    <form
      ref={form}
      noValidate
      className="grid gap-5"
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit(values);
      }}
    >
      {problem && <ProblemNote problem={problem} />}
      <TextField {...field("email")} label="E-mail" type="email" autoComplete="username" autoFocus />
      <div className="grid gap-2">
        <TextField {...field("password")} label="Password" type="password" autoComplete="new-password" />
        <StrengthHint password={values.password} email={values.email} />
      </div>
      <TextField {...field("again")} label="Password again" type="password" autoComplete="new-password" />
      <Button type="submit" look="primary" size="large" busy={busy}>
        Create the account
      </Button>
    </form>
  );
}

const tones = ["bg-crashed", "bg-waking", "bg-deploying", "bg-running"] as const;

function StrengthHint({ password, email }: { password: string; email: string }) {
  const { score, hint } = strength(password, email);
  return (
    <div className="flex items-center gap-3">
      <div aria-hidden className="grid flex-1 grid-cols-3 gap-1">
        {[1, 2, 3].map((step) => (
          <span
            key={step}
            className={cx(
              "h-1 rounded-full transition-colors duration-300",
              score >= step ? tones[score] : "bg-ink/10",
            )}
          />
        ))}
      </div>
      <p role="status" className="min-w-40 text-right text-[0.867rem] text-ink-3">
        {password === "" ? `at least ${passwordMin} characters` : hint}
      </p>
    </div>
  );
}
