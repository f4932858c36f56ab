import { Switch as RadixSwitch } from "radix-ui";
import { useId, type ComponentProps, type ReactNode } from "react";
import { cx } from "./cx.ts";

interface Around {
  label: ReactNode;
  /** A quiet sentence under the label. */
  help?: ReactNode;
  /** What is wrong; replaces nothing, stands under the field. */
  fault?: string | undefined;
  /** Stands at the end of the label's line. */
  aside?: ReactNode;
  /** For what is short: the field stands at the end of its label's line where there is room. */
  beside?: boolean;
}

interface Ids {
  id: string;
  "aria-invalid": true | undefined;
  "aria-describedby": string | undefined;
}

function Field({
  label,
  help,
  fault,
  aside,
  beside = false,
  children,
}: Around & { children: (ids: Ids) => ReactNode }) {
  const id = useId();
  const described = [help && `${id}-help`, fault && `${id}-fault`].filter(Boolean).join(" ");
  return (
    <div data-field className="@container">
      <div className={cx("grid gap-1.5", beside && "@md:grid-cols-[minmax(0,1fr)_14rem] @md:items-center @md:gap-x-6")}>
        <div>
          <div className="flex items-baseline justify-between gap-4">
            <label htmlFor={id} className="font-medium">
              {label}
            </label>
            {aside}
          </div>
          {help && (
            <p id={`${id}-help`} className="mt-0.5 text-[0.9rem] text-ink-3">
              {help}
            </p>
          )}
        </div>
        {children({ id, "aria-invalid": fault ? true : undefined, "aria-describedby": described || undefined })}
        {fault && (
          <FaultText id={`${id}-fault`} className={cx(beside && "@md:col-start-2")}>
            {fault}
          </FaultText>
        )}
      </div>
    </div>
  );
}

interface FaultTextProps {
  id?: string;
  className?: string;
  children: ReactNode;
}

export function FaultText({ id, className, children }: FaultTextProps) {
  return (
    <p id={id} className={cx("animate-appear text-[0.9rem] text-crashed", className)}>
      {children}
    </p>
  );
}

const box =
  "h-11 w-full rounded-lg border border-line-strong bg-raised px-3 text-ink placeholder:text-ink-3 transition-colors hover:border-ink-3 aria-invalid:border-crashed";

export function TextField({ label, help, fault, aside, beside, className, ...rest }: Around & ComponentProps<"input">) {
  return (
    <Field label={label} help={help} fault={fault} aside={aside ?? <LeftToType {...rest} />} beside={beside ?? false}>
      {(ids) => <input {...rest} {...ids} className={cx(box, className)} />}
    </Field>
  );
}

export function AreaField({ label, help, fault, aside, className, ...rest }: Around & ComponentProps<"textarea">) {
  return (
    <Field label={label} help={help} fault={fault} aside={aside ?? <LeftToType {...rest} />}>
      {(ids) => <textarea {...rest} {...ids} className={cx(box, "h-auto min-h-24 resize-y py-2.5", className)} />}
    </Field>
  );
}

/** Says how much room is left, once there is little: a field that takes no more letters looks broken otherwise. */
function LeftToType({
  value,
  maxLength,
}: {
  value?: ComponentProps<"input">["value"];
  maxLength?: number | undefined;
}) {
  const typed = String(value ?? "").length;
  if (maxLength === undefined || typed < maxLength * 0.8) return null;
  return (
    <span className="font-mono text-[0.8rem] text-ink-3" role="status">
      {typed} of {maxLength}
    </span>
  );
}

export function SelectField({
  label,
  help,
  fault,
  beside,
  className,
  children,
  ...rest
}: Around & ComponentProps<"select">) {
  return (
    <Field label={label} help={help} fault={fault} beside={beside ?? false}>
      {(ids) => (
        <div className={cx("relative", className)}>
          <select {...rest} {...ids} className={cx(box, "appearance-none pr-9")}>
            {children}
          </select>
          <svg
            viewBox="0 0 16 16"
            aria-hidden="true"
            className="pointer-events-none absolute top-1/2 right-3 size-4 -translate-y-1/2 text-ink-3"
          >
            <path d="m4 6 4 4 4-4" fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" />
          </svg>
        </div>
      )}
    </Field>
  );
}

interface SwitchProps extends Around {
  checked: boolean;
  onCheckedChange: (checked: boolean) => void;
}

export function SwitchField({ label, help, fault, checked, onCheckedChange }: SwitchProps) {
  const id = useId();
  return (
    <div data-field className="grid gap-1.5">
      <div className="flex items-start justify-between gap-4">
        <div>
          <label htmlFor={id} className="font-medium">
            {label}
          </label>
          {help && <p className="mt-0.5 text-[0.9rem] text-ink-3">{help}</p>}
        </div>
        <RadixSwitch.Root
          id={id}
          checked={checked}
          onCheckedChange={onCheckedChange}
          aria-invalid={fault ? true : undefined}
          aria-describedby={fault && `${id}-fault`}
          className="relative h-[1.625rem] w-11 shrink-0 rounded-full border border-line-strong bg-well transition-colors data-[state=checked]:border-running data-[state=checked]:bg-running"
        >
          <RadixSwitch.Thumb className="block size-[1.125rem] translate-x-[3px] rounded-full bg-ink-3 transition-transform duration-200 ease-calm data-[state=checked]:translate-x-[1.25rem] data-[state=checked]:bg-ground" />
        </RadixSwitch.Root>
      </div>
      {fault && <FaultText id={`${id}-fault`}>{fault}</FaultText>}
    </div>
  );
}
