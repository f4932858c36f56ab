import { Monitor, Moon, Sun } from "lucide-react";
import { ToggleGroup } from "radix-ui";
import { useState } from "react";
import { applyTheme, storedTheme, themes, type Theme } from "./theme.ts";

const icons = { system: Monitor, light: Sun, dark: Moon };
const names: Record<Theme, string> = { system: "System theme", light: "Light theme", dark: "Dark theme" };

export function ThemeSwitch() {
  const [theme, setTheme] = useState(storedTheme);
  const choose = (value: string): void => {
    if (!value) return;
    setTheme(value as Theme);
    applyTheme(value as Theme);
  };
  return (
    <ToggleGroup.Root
      type="single"
      value={theme}
      onValueChange={choose}
      aria-label="Theme"
      className="inline-flex justify-self-start rounded-lg border border-line p-0.5"
    >
      {themes.map((value) => {
        const Icon = icons[value];
        return (
          <ToggleGroup.Item
            key={value}
            value={value}
            aria-label={names[value]}
            title={names[value]}
            className="grid h-7 w-8 place-items-center rounded-md text-ink-3 transition-colors hover:text-ink data-[state=on]:bg-ink/9 data-[state=on]:text-ink"
          >
            <Icon size={15} aria-hidden />
          </ToggleGroup.Item>
        );
      })}
    </ToggleGroup.Root>
  );
}
