import { FileCode, FileImage, FilePlus, Trash2, Upload } from "lucide-react";
import { useId, useRef, useState, type ChangeEvent, type ReactNode } from "react";
import { bytes } from "@playspawn/shared/words/bytes.ts";
import { fileFrom, filesBytesMax, isText, sizeOf, withFiles, type TemplateFile } from "../../lib/template-files.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import { FaultText, SwitchField, TextField } from "../../ui/fields.tsx";
import { Tag } from "./GameBadge.tsx";
import type { Files } from "./use-files.ts";

interface Props {
  files: readonly TemplateFile[];
  /** What was refused, each a sentence. */
  faults: readonly string[];
  onChange: Files["edit"];
}

/** What lies beside a game.yaml: texts are written here, everything may come from a disk. Saved with the template. */
export function FilesEditor({ files, faults, onChange }: Props) {
  const [open, setOpen] = useState<number>();
  const [tooBig, setTooBig] = useState<string>();
  const total = files.reduce((sum, file) => sum + sizeOf(file), 0);
  const put = (added: TemplateFile[]): void => onChange((now) => withFiles(now, added));
  const set = (index: number, file: TemplateFile): void => onChange((now) => now.with(index, file));
  // First, so that an upload which comes late does not push it away.
  const startText = (): void => {
    onChange((now) => [{ path: "", content: "", encoding: "utf8" }, ...now]);
    setOpen(0);
  };
  const remove = (index: number): void => {
    onChange((now) => now.toSpliced(index, 1));
    setOpen(undefined);
  };
  return (
    <section aria-label="Files beside it" className="grid gap-3">
      <div className="flex flex-wrap items-end justify-between gap-x-6 gap-y-2">
        <div className="min-w-0 flex-1 basis-64">
          <h2 className="font-medium">Files beside it</h2>
          <p className="text-[0.9rem] text-ink-3 text-pretty">
            A Dockerfile and what it copies, logo.svg or logo.png. {bytes(total)} of {bytes(filesBytesMax)}.
          </p>
        </div>
        <div className="-mx-1 flex flex-wrap gap-1">
          <Picker label="Upload files" many onPick={put} onTooBig={setTooBig}>
            <Upload size={15} aria-hidden /> Upload
          </Picker>
          <Button look="ghost" size="small" onClick={startText}>
            <FilePlus size={15} aria-hidden /> New text file
          </Button>
        </div>
      </div>
      <div role="alert" className="grid gap-1 empty:hidden">
        {[...(tooBig === undefined ? [] : [tooBig]), ...faults].map((fault) => (
          <FaultText key={fault}>{fault}</FaultText>
        ))}
      </div>
      {files.length > 0 && (
        <ul className="divide-y divide-line overflow-hidden rounded-lg border border-line">
          {files.map((file, index) => (
            <Row
              // oxlint-disable-next-line react/no-array-index-key -- a path changes while it is typed
              key={index}
              file={file}
              open={open === index}
              onOpen={() => setOpen(open === index ? undefined : index)}
              onChange={(next) => set(index, next)}
              onRemove={() => remove(index)}
              onTooBig={setTooBig}
            />
          ))}
        </ul>
      )}
    </section>
  );
}

interface RowProps {
  file: TemplateFile;
  open: boolean;
  onOpen: () => void;
  onChange: (file: TemplateFile) => void;
  onRemove: () => void;
  onTooBig: (sentence: string | undefined) => void;
}

function Row({ file, open, onOpen, onChange, onRemove, onTooBig }: RowProps) {
  const id = useId();
  const Icon = isText(file) ? FileCode : FileImage;
  const name = file.path || "New file";
  return (
    <li>
      <div className="flex items-center gap-1 pr-1">
        <button
          type="button"
          aria-expanded={open}
          aria-controls={id}
          onClick={onOpen}
          className="flex min-w-0 flex-1 items-center gap-2.5 px-3 py-2.5 text-left -outline-offset-2 hover:bg-ink/3"
        >
          <Icon size={16} aria-hidden className="shrink-0 text-ink-3" />
          <span className="min-w-0 font-mono text-[0.867rem] [overflow-wrap:anywhere]">{name}</span>
          {file.executable && <Tag>Program</Tag>}
          <span className="ml-auto shrink-0 font-mono text-[0.8rem] text-ink-3">{bytes(sizeOf(file))}</span>
        </button>
        <IconButton label={`Remove ${name}`} onClick={onRemove} className="hover:text-crashed">
          <Trash2 size={15} aria-hidden />
        </IconButton>
      </div>
      <div id={id} hidden={!open} className="border-t border-line bg-ground/50 p-3 sm:p-4">
        {open && <Details file={file} onChange={onChange} onTooBig={onTooBig} />}
      </div>
    </li>
  );
}

function Details({ file, onChange, onTooBig }: Pick<RowProps, "file" | "onChange" | "onTooBig">) {
  return (
    <div className="grid gap-4">
      <TextField
        label="Path"
        help="Inside the game’s folder, such as bots/list.txt"
        value={file.path}
        maxLength={200}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        autoFocus={file.path === ""}
        className="font-mono"
        onChange={({ target }) => onChange({ ...file, path: target.value })}
      />
      {isText(file) ? (
        <textarea
          aria-label={`Text of ${file.path || "the new file"}`}
          value={file.content}
          rows={Math.min(24, Math.max(6, file.content.split("\n").length))}
          wrap="off"
          spellCheck={false}
          autoCapitalize="off"
          className="w-full resize-y rounded-lg border border-line-strong bg-well px-3 py-2.5 font-mono text-[0.867rem] leading-6"
          onChange={({ target }) => onChange({ ...file, content: target.value })}
        />
      ) : (
        <p className="text-[0.9rem] text-ink-3">It is no text, so it cannot be written here.</p>
      )}
      <SwitchField
        label="Program"
        help="May be run, as a script that starts the game."
        checked={file.executable ?? false}
        onCheckedChange={(executable) => onChange({ ...file, executable })}
      />
      <Picker
        label={`Replace ${file.path}`}
        look="plain"
        onTooBig={onTooBig}
        onPick={([picked]) => picked && onChange({ ...picked, path: file.path, executable: file.executable ?? false })}
      >
        <Upload size={15} aria-hidden /> Replace
      </Picker>
    </div>
  );
}

interface PickerProps {
  label: string;
  many?: boolean;
  look?: "ghost" | "plain";
  onPick: (files: TemplateFile[]) => void;
  onTooBig: (sentence: string | undefined) => void;
  children: ReactNode;
}

/** A button that asks for files of whoever looks; what could never be saved is not read. */
function Picker({ label, many = false, look = "ghost", onPick, onTooBig, children }: PickerProps) {
  const input = useRef<HTMLInputElement>(null);
  const pick = async ({ target }: ChangeEvent<HTMLInputElement>): Promise<void> => {
    const picked = [...(target.files ?? [])];
    target.value = "";
    const big = picked.find(({ size }) => size > filesBytesMax);
    onTooBig(big && `${big.name} has ${bytes(big.size)}: all files together may have ${bytes(filesBytesMax)}.`);
    if (big) return;
    onPick(
      await Promise.all(picked.map(async (file) => fileFrom(file.name, new Uint8Array(await file.arrayBuffer())))),
    );
  };
  return (
    <>
      <input ref={input} type="file" multiple={many} aria-label={label} hidden onChange={(event) => void pick(event)} />
      <Button look={look} size="small" onClick={() => input.current?.click()} className="justify-self-start">
        {children}
      </Button>
    </>
  );
}
