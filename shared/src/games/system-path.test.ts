import test from "ava";
import { isSystemPath } from "./system-path.ts";

test("what the system needs is the system's, however it is written, and a game's own folder is not", (t) => {
  const refused = [
    "/",
    "//",
    "/lib",
    "/lib/x86_64-linux-gnu",
    "/usr/lib",
    "/usr/./lib",
    "/usr//bin/sh",
    "/usr/local/bin",
  ];
  refused.push("/sbin/docker-init", "/root", "/run", "/run/x", "/var/run/docker.sock", "/tmp/", "/var/lib", "/libx32");
  refused.push(
    "/proc/1",
    "/.//sys/.",
    "/dev/shm",
    "/etc",
    "/etc/passwd",
    "/etc/passwd/x",
    "/etc/ld.so.preload",
    "/boot",
  );
  for (const path of refused) t.true(isSystemPath(path), path);
  const allowed = ["/data", "/root/.local/share/Terraria", "/var/lib/game", "/etc/game", "/etc/hosts.d", "/device"];
  allowed.push("/runtime", "/library", "/usr/share/games/x", "/usr/local/games", "/home/steam", "/opt", "/tmp/x");
  for (const path of allowed) t.false(isSystemPath(path), path);
});
