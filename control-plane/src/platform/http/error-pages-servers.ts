/** Pages about game servers, nodes and what runs them. */
import type { ErrorCode } from "@playspawn/shared";
import type { ErrorPage } from "./error-page.ts";

export const serverPages = {
  port_taken: {
    means: "The public port you asked for is in use on that node.",
    causes: [
      "Another server of yours holds it, also while it sleeps.",
      "Another program on the machine listens on it.",
    ],
    remedy: [
      "Leave the port empty: a free one is chosen.",
      "Or stop the other program; `ss -ltunp` on the machine names it.",
    ],
    example: "Port 25565 is taken by the server survival. Choose another, or leave it empty.",
  },
  ports_exhausted: {
    means: "No public port is left that a new server could get.",
    causes: ["`PLAYSPAWN_PORT_RANGE` is small.", "Every sleeping server keeps its ports, so that players find it."],
    remedy: [
      "Delete servers that nobody needs.",
      "Set a wider `PLAYSPAWN_PORT_RANGE` on the node, open it in the firewall, and start its agent again.",
    ],
    example: "No udp port from 20000 to 20009 is free on this node.",
  },
  no_node: {
    means: "No connected node can take this server.",
    causes: [
      "No node has joined yet.",
      "The nodes are away, revoked or in quarantine.",
      "The server needs more memory than a node has.",
    ],
    remedy: ["Look under Nodes: each says what it waits for.", "Join a node, or ask for less memory."],
    example: "No node can take this server: home-1 was last seen 5 minutes ago.",
  },
  node_unreachable: {
    means: "The control plane has no connection to the node of this server. The game itself may well go on.",
    causes: [
      "The machine is off or its network is down.",
      "The agent does not run.",
      "A firewall stops the agent's way out.",
    ],
    remedy: [
      "Look at the machine: is the agent running, and what does its log say?",
      "The agent dials out: it must reach the control plane's address. Nothing has to reach the agent.",
    ],
    example: "The node of this server does not answer now. Try again when it is back.",
  },
  disk_full: {
    means: "A disk is full. What could not be written was not changed; what runs goes on as far as it can.",
    causes: ["Worlds, backups or images have grown.", "Logs of something else on the machine."],
    remedy: [
      "Look with `df -h` which disk it is.",
      "Remove what is not needed: images with `docker image prune`, old backups.",
      "Then try again.",
    ],
    example: "The disk of this node is full. Free some space.",
  },
  image_not_found: {
    means: "The container image of this game does not exist where it is looked for.",
    causes: ["The name or tag in `game.yaml` has a typing mistake.", "The image is private, or was removed."],
    remedy: ["Try `docker pull <image>` on the node.", "Mend the template's `image` and press reload."],
    example: "The image itzg/minecraft-server:java99 does not exist.",
  },
  image_not_allowed: {
    means: "The node's operator allows images of certain repositories only, and this is none of them.",
    causes: [
      "The template is new, and its image comes from elsewhere.",
      "The list of the node is shorter than you think.",
    ],
    remedy: [
      "Ask the node's operator to add the repository to the agent's list.",
      "Or use a template whose image is on it.",
    ],
    example: "The node does not run images of evil.example/miner.",
  },
  image_pull_failed: {
    means: "The image exists and could not be fetched.",
    causes: [
      "The node has no way to the registry.",
      "The registry limits how often it is asked.",
      "The connection broke off.",
    ],
    remedy: [
      "Try again later: what was fetched is kept.",
      "Sign the node's Docker in with `docker login`: limits for accounts are higher.",
      "Try `docker pull` on the node for the registry's own words.",
    ],
    example: "The image could not be pulled: toomanyrequests.",
  },
  image_build_failed: {
    means: "The game's image is built on the node, and a step of its Dockerfile failed.",
    causes: ["A package source did not answer.", "A mistake in the Dockerfile."],
    remedy: [
      "Read the last words of the build in the message.",
      "Mend the game's folder, press reload, and wake the server again.",
    ],
    example: "The image teeworlds could not be built. Its last words: E: Unable to locate package teeworlds-server",
  },
  docker_unavailable: {
    means: "The agent does not get an answer from Docker. Games that run go on; none can be started or stopped.",
    causes: ["Docker is not running.", "It hangs, for example on a full or slow disk.", "Its socket is elsewhere."],
    remedy: [
      "Look with `systemctl status docker` and `docker ps` on the node.",
      "If its socket is elsewhere, set `DOCKER_HOST` for the agent.",
    ],
    example: "Docker does not answer.",
  },
  docker_denied: {
    means: "Docker runs, and the agent's user may not talk to it.",
    causes: ["The user is not in the group `docker`.", "The socket is not handed into the agent's container."],
    remedy: [
      "Run the agent as root, or add its user: `usermod -aG docker <user>`, then start it again.",
      "In a container: mount `/var/run/docker.sock`.",
    ],
    example: "The agent may not use /var/run/docker.sock.",
  },
  network_failed: {
    means: "The network for the games could not be made or mended on the node.",
    causes: [
      "`PLAYSPAWN_SUBNET` overlaps a route of the machine.",
      "A container has a name that we need.",
      "The bridge is full: Linux carries about 1000 ports on one.",
    ],
    remedy: [
      "Set `PLAYSPAWN_SUBNET` to a free range such as `10.213.8.0/22`.",
      "The message names what is in the way: remove it.",
    ],
    example: "The engine refused every subnet (10.213.0.0/22 …) as taken; set PLAYSPAWN_SUBNET.",
  },
  start_failed: {
    means: "Docker could not start the game's container.",
    causes: ["The image's command does not exist or may not run.", "A limit is higher than the machine allows."],
    remedy: ["Read Docker's own words in the message.", "Mend the template, press reload, and wake the server again."],
    example: "The container of server srv_01j8… did not start. exec /start: no such file or directory",
  },
  start_timeout: {
    means: "The game runs and did not let players in within its time.",
    causes: [
      "The first start builds a world or downloads files.",
      "The machine is slow or busy.",
      "The template looks for a sign that this version does not give.",
    ],
    remedy: [
      "Look at the server's log: is it still busy?",
      "Wake it again.",
      "If it always needs longer, raise `readiness.limitSeconds` in the template.",
    ],
    example: "The game did not let players in within 120 s.",
  },
  game_crashed: {
    means: "The game ended by itself. It is tried again a few times with growing pauses, then left alone.",
    causes: ["A mod or plug-in that does not fit.", "A damaged world or a wrong setting.", "A wrong Java version."],
    remedy: ["Read the last lines in the message and the server's log.", "Undo the last change, then wake it."],
    example: "The game ended by itself with exit code 1. Its last lines: UnsupportedClassVersionError",
  },
  out_of_memory: {
    means: "The game needed more memory than it has and was ended by the kernel, with exit code 137.",
    causes: ["More players, a larger world or more mods than before.", "Java's heap is as large as the whole limit."],
    remedy: ["Give the server more memory.", "For Java leave a quarter of it outside the heap."],
    example: "The game needed more than its 1024 MB of memory and was ended. Give it more.",
  },
  save_failed: {
    means: "The game was asked to save its world and did not say that it has. It was stopped afterwards all the same.",
    causes: [
      "The disk is full or slow.",
      "The world is large and saving takes longer than the template allows.",
      "The game hung.",
    ],
    remedy: [
      "Look at the server's log around that time.",
      "Free disk space, or raise the limit of `save` in the template.",
    ],
    example: "The game did not save its world: saving took longer than 30 s.",
  },
  holder_lost: {
    means: "The small container that holds a server's network is gone. The server gets a new one by itself.",
    causes: ["Somebody removed it with `docker rm` or `docker system prune`.", "Docker was restarted."],
    remedy: [
      "Wait: the game is saved and started again.",
      "Leave containers whose name begins with `playspawn` alone; `live-restore` keeps them over restarts of Docker.",
    ],
    example: "The server's network holder died; the server gets a new one.",
  },
  grant_missing: {
    means: "No credit is set aside for waking this server.",
    causes: ["The balance of its owner is spent."],
    remedy: ["Top up, then wake it again."],
    example: "No credit is granted for waking this server. Top up, then try again.",
  },
} as const satisfies Partial<Record<ErrorCode, ErrorPage>>;
