import { CopyButton } from "./CopyButton.tsx";

interface Props {
  /** Lines to paste into a terminal. */
  text: string;
  /** What the copy button is called. */
  label: string;
}

/** Something to paste elsewhere, whole and with its copy button. */
export function CommandBox({ text, label }: Props) {
  return (
    <div className="flex items-start rounded-xl border border-line bg-well">
      <code className="min-w-0 flex-1 py-3 pl-4 font-mono text-[0.867rem] [overflow-wrap:anywhere] whitespace-pre-wrap">
        {text}
      </code>
      <CopyButton text={text} label={label} className="m-1" />
    </div>
  );
}
