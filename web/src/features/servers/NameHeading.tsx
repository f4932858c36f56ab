import { Pencil } from "lucide-react";
import { useState } from "react";
import type { Server } from "../../api/types.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import { useHeadingFocus } from "../../ui/use-heading-focus.ts";
import { tellProblem } from "./use-kick.ts";
import { StarButton } from "./StarButton.tsx";
import { useUpdate } from "./use-update.ts";

const size = "text-[1.75rem] leading-tight font-semibold tracking-[-0.025em]";

/** The name, which becomes a field when it is to be another. */
export function NameHeading({ server }: { server: Server }) {
  const heading = useHeadingFocus();
  const [edit, setEdit] = useState<string>();
  if (edit !== undefined) return <NameField server={server} name={edit} onName={setEdit} />;
  return (
    // In the line: what can be done with it stands behind the last word, however long it is.
    <div className={`text-balance [overflow-wrap:anywhere] ${size}`}>
      <h1 ref={heading} tabIndex={-1} dir="auto" className="inline outline-none">
        {server.name}
      </h1>
      {server.want !== "absent" && (
        <span className="ml-1.5 inline-flex align-bottom whitespace-nowrap">
          <StarButton server={server} />
          <IconButton label="Rename" onClick={() => setEdit(server.name)}>
            <Pencil size={15} aria-hidden />
          </IconButton>
        </span>
      )}
    </div>
  );
}

interface FieldProps {
  server: Server;
  name: string;
  onName: (name: string | undefined) => void;
}

function NameField({ server, name, onName }: FieldProps) {
  const update = useUpdate(server, "Renamed.");
  const leave = (): void => onName(undefined);
  const submit = (): void => {
    const next = name.trim();
    if (next === "") return;
    if (next === server.name) return leave();
    update.mutate({ name: next }, { onSuccess: leave, onError: tellProblem(server) });
  };
  return (
    <form
      className="flex flex-wrap items-center gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <input
        aria-label="Name"
        autoComplete="off"
        dir="auto"
        maxLength={60}
        value={name}
        // oxlint-disable-next-line jsx-a11y/no-autofocus -- whoever pressed Rename wants to type
        autoFocus
        onFocus={(event) => event.target.select()}
        onChange={(event) => onName(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && leave()}
        className={`min-w-0 flex-1 basis-56 rounded-lg border border-line-strong bg-raised px-2 ${size}`}
      />
      <Button type="submit" look="primary" size="small" busy={update.isPending} disabled={name.trim() === ""}>
        Rename
      </Button>
      <Button look="ghost" size="small" onClick={leave}>
        Cancel
      </Button>
    </form>
  );
}
