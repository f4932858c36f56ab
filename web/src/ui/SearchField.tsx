import { Search } from "lucide-react";
import { useEffect, useRef } from "react";
import { cx } from "./cx.ts";

interface Props {
  label: string;
  placeholder: string;
  text: string;
  onText: (text: string) => void;
  className?: string;
}

/** A filter above a list; `/` goes to it from anywhere on the page. */
export function SearchField({ label, placeholder, text, onText, className }: Props) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.key !== "/" || (event.target as Element).closest("input, textarea, select, dialog")) return;
      event.preventDefault();
      field.current?.focus();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, []);
  return (
    <div className={cx("relative min-w-0 flex-1 basis-56 sm:max-w-sm", className)}>
      <Search size={16} aria-hidden className="absolute top-1/2 left-3 -translate-y-1/2 text-ink-3" />
      <input
        ref={field}
        type="search"
        aria-label={label}
        aria-keyshortcuts="/"
        placeholder={placeholder}
        value={text}
        onChange={(event) => onText(event.target.value)}
        className="h-10 w-full rounded-lg border border-line-strong bg-raised pr-3 pl-9 placeholder:text-ink-3"
      />
    </div>
  );
}
