/** Idle times a person may pick, or type in minutes. */
export interface IdleChoice {
  value: string;
  label: string;
}

export const defaultIdleSeconds = 900;

export const idleChoices: readonly IdleChoice[] = [
  { value: "300", label: "5 minutes" },
  { value: "900", label: "15 minutes" },
  { value: "1800", label: "30 minutes" },
  { value: "3600", label: "1 hour" },
  { value: "14400", label: "4 hours" },
  { value: "never", label: "Never" },
];

export const idleToField = (seconds: number | null): string => (seconds === null ? "never" : String(seconds));
export const idleFromField = (field: string): number | null => (field === "never" ? null : Number(field));

/** The choice that opens a field for minutes. */
export const otherIdle = "other";
export const idleMinutesMax = 30 * 24 * 60;

/** What was typed, as whole seconds; 0, which no idle time is, for what is no number of minutes. */
export function idleFromMinutes(text: string): number {
  const seconds = Math.round(Number(text) * 60);
  return Number.isFinite(seconds) ? seconds : 0;
}

/** What the field of minutes begins with. */
export const idleToMinutes = (seconds: number | null): string =>
  String(Math.max(1, Math.round((seconds ?? defaultIdleSeconds) / 60)));

/** The choices, with the present value among them when it is none of ours. */
export function choicesWith(seconds: number | null, text: string): IdleChoice[] {
  const value = idleToField(seconds);
  if (idleChoices.some((choice) => choice.value === value)) return [...idleChoices];
  return [{ value, label: text }, ...idleChoices];
}
