import type { MouseEvent } from "react";

interface Props {
  parts: readonly { id: string; name: string }[];
}

/** The way to each part of a long page, where there is room beside it. */
export function SettingsIndex({ parts }: Props) {
  return (
    <nav aria-label="Settings" className="sticky top-10 max-xl:hidden">
      <ul className="border-l border-line">
        {parts.map(({ id, name }) => (
          <li key={id}>
            <a
              href={`#${id}`}
              onClick={(event) => go(event, id)}
              className="-ml-px block border-l border-transparent py-1.5 pl-4 text-[0.9rem] text-ink-3 transition-colors hover:border-ink-3 hover:text-ink"
            >
              {name}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** No new address: what was typed and not saved would have to be asked about. */
function go(event: MouseEvent, id: string): void {
  event.preventDefault();
  const part = document.getElementById(id);
  part?.scrollIntoView();
  part?.focus({ preventScroll: true });
}
