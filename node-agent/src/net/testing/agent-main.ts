/** An agent of which only the door's end is there: takes routes over IPC and answers what the real one would be told. */
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { doorServer } from "../../door/door-server.ts";
import { silentLog } from "../../door/log.ts";
import { doorSocketPath } from "../../door/socket-path.ts";
import { pastDoor } from "../past-door.ts";
import type { Asked, Told } from "./lab.ts";

const [dataDir = "", bridge = "", table = "", mode = "auto"] = process.argv.slice(2);
const tell = (told: Told): void => void process.send?.(told);

const process_ = await doorServer({ socketPath: doorSocketPath(dataDir), ports: systemPorts, log: silentLog });
const door = pastDoor(process_, {
  ports: systemPorts,
  bridge,
  table,
  mode: mode === "relay" ? "relay" : "auto",
  onFault: ({ message }) => tell({ t: "fault", message }),
});
door.onKnock((knock) => tell({ t: "knock", ...knock }));
door.onConnection((connected) => tell({ t: "door", connected }));

process.on("message", (asked: Asked) => {
  if (asked.t === "routes") {
    door.setRoutes(asked.server, asked.routes);
    void door.settled(10_000).then(
      () => tell({ t: "done", id: asked.id }),
      () => tell({ t: "done", id: asked.id }),
    );
  } else {
    tell({
      t: "figures",
      id: asked.id,
      path: door.path(),
      traffic: door.traffic(asked.server),
      atDoor: process_.traffic(asked.server),
    });
  }
});
tell({ t: "up" });
