import test from "ava";
import { Client } from "pg";
import { driverUrl } from "./place.ts";

test("who asks for TLS gets a server that is checked, in the driver's own words", async (t) => {
  const warnings: string[] = [];
  const onWarning = ({ message }: Error): void => void warnings.push(message);
  process.on("warning", onWarning);
  t.teardown(() => void process.off("warning", onWarning));
  for (const mode of ["prefer", "require", "verify-ca", "verify-full"]) {
    const connectionString = driverUrl(`postgresql://ann:p%40ss@db.example.org:5433/play?sslmode=${mode}`);
    t.is(connectionString, "postgresql://ann:p%40ss@db.example.org:5433/play?sslmode=verify-full");
    t.like(new Client({ connectionString }), { user: "ann", password: "p@ss", port: 5433, ssl: {} });
  }
  // Warnings are told at the next tick.
  await new Promise<void>((resolve) => process.nextTick(resolve));
  t.deepEqual(warnings, []);
});

test("every other address stays as it is", (t) => {
  for (const query of [
    "",
    "?sslmode=disable",
    "?sslmode=no-verify",
    "?uselibpqcompat=true&sslmode=require",
    "?host=/run",
  ])
    t.is(driverUrl(`postgresql://ann@host/play${query}`), `postgresql://ann@host/play${query}`);
});
