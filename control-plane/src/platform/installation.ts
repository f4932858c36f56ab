/** Facts about this installation that live as long as its database. */
import { newId, type Ports } from "@playspawn/shared";
import type { Db } from "./db/db.ts";

interface MetaRow {
  key: string;
  value: string;
}

/** The installation's id, made at its first start. */
export async function installationId(db: Db, ports: Ports): Promise<string> {
  await db<MetaRow>("meta")
    .insert({ key: "installation_id", value: newId("inst", ports) })
    .onConflict("key")
    .ignore();
  const row = await db<MetaRow>("meta").where({ key: "installation_id" }).first();
  return row!.value;
}
