/** Pages about requests that cannot be taken as they are, and about this control plane itself. */
import type { ErrorCode } from "@playspawn/shared";
import type { ErrorPage } from "./error-page.ts";

export const requestPages = {
  invalid_request: {
    means: "The request could be read, and something in it is not allowed. Nothing was changed.",
    causes: [
      "A value is too long, too large or of the wrong kind.",
      "A field or a query parameter that does not exist here.",
    ],
    remedy: [
      "Look at `faults`: each names the field as a JSON pointer and says what it must be.",
      "What each operation takes stands at `/docs`.",
    ],
    example: "The request is not valid: /name must not be empty.",
  },
  malformed_request: {
    means: "What arrived is not valid HTTP, or not the upgrade that a WebSocket needs.",
    causes: [
      "Something else than HTTP is spoken to this port, for example TLS.",
      "A proxy that does not pass `Upgrade` on.",
    ],
    remedy: [
      "Check `http://` against `https://` and the port.",
      "Let the proxy pass WebSockets; the documentation has examples.",
    ],
    example: "A WebSocket is opened with GET.",
  },
  https_required: {
    means: "This port speaks https, and the request came in plain text.",
    causes: ["The address begins with `http://`.", "A proxy in front speaks plain HTTP to this port."],
    remedy: ["Write `https://` in the address.", "Let the proxy use https as well, or turn TLS off behind it."],
    example: "This port speaks https: use https:// in the address.",
  },
  malformed_body: {
    means: "The body is not the JSON it says it is.",
    causes: ["A comma or a quote is missing.", "The text is not UTF-8, or was cut off on its way."],
    remedy: ["Check the body with a JSON tool, and send it again."],
    example: "The body is not valid JSON.",
  },
  body_too_large: {
    means: "The body is larger than this operation reads.",
    causes: [
      "A file was sent where settings are expected.",
      "A list that should go in several requests.",
      "It is more than 64 KiB for an operation that anybody may call, such as signing in; others read 1 MiB.",
    ],
    remedy: ["Send less at once."],
    example: "The body is larger than 1024 KiB, the most that is read here.",
  },
  headers_too_large: {
    means: "The request's headers are larger than 16 KiB.",
    causes: ["Cookies of other programs on the same host name pile up."],
    remedy: ["Delete the cookies of this host, or give Playspawn a host name of its own."],
    example:
      "The request's headers are larger than 16 KiB, the most that is read. Send shorter ones, for example fewer cookies.",
  },
  unsupported_media_type: {
    means: "The body is not sent as JSON.",
    causes: ["The `Content-Type` header is missing or says something else.", "A form was sent."],
    remedy: ["Send JSON with `Content-Type: application/json`."],
    example: "The body must be application/json.",
  },
  expectation_failed: {
    means: "The `Expect` header asks for something that no server here can promise.",
    causes: ["A client or a proxy sets `Expect` to something else than `100-continue`."],
    remedy: ["Leave the header out."],
    example: "Expect may only say 100-continue here: leave the header out.",
  },
  request_timeout: {
    means: "The request did not arrive in time, or the client left before its answer.",
    causes: ["A slow or broken connection.", "A client that opens a request and does not finish it."],
    remedy: ["Send it again. With an `Idempotency-Key` nothing happens twice."],
    example: "The request took too long to arrive. Send it again, without pauses.",
  },
  not_found: {
    means: "Nothing is there, or nothing that you may see. The two look the same on purpose.",
    causes: ["It was deleted.", "The address or the id has a typing mistake.", "It belongs to another team."],
    remedy: ["Go back to the list and open it from there."],
    example: "There is no server srv_01j8…, or you may not see it.",
  },
  method_not_allowed: {
    means: "The path exists and does not take this method.",
    causes: ["`GET` instead of `POST`, or the other way round."],
    remedy: ["The `Allow` header names the methods that are taken; `/docs` tells what each does."],
    example: "/api/v1/auth/login takes POST, not GET.",
  },
  conflict: {
    means: "The request is fine by itself and does not fit what is there now. Nothing was changed.",
    causes: ["Somebody else changed it a moment ago.", "It is being deleted, or on its way to another state."],
    remedy: ["Reload and look at the present state, then decide again."],
    example: "The server srv_01j8… is being deleted. Wait until it is gone.",
  },
  backup_unusable: {
    means: "The file is no backup that can be restored here. Nothing was changed.",
    causes: [
      "The passphrase is another one, or none was given for a sealed backup.",
      "The file was cut off or changed on its way.",
      "It was made by a newer Playspawn.",
      "It is something else than a backup.",
    ],
    remedy: [
      "Give the passphrase that it was made with.",
      "Copy the file again, or take another copy of it.",
      "Restore it with the version that made it, or a newer one.",
    ],
    example: "The backup is damaged or cut off. Use another copy.",
  },
  idempotency_conflict: {
    means: "The same `Idempotency-Key` came with another request. One key stands for one request.",
    causes: ["A program makes its keys by counting from the start again.", "The body changed between two tries."],
    remedy: ["Use a new random key for each new request, and the same one only to repeat it unchanged."],
    example: "This Idempotency-Key was used for another request. Use a new one.",
  },
  unknown_game: {
    means: "No game with this id is loaded.",
    causes: ["The id has a typing mistake.", "The game's folder was removed, or its `game.yaml` was refused."],
    remedy: ["Look under Games which are there, and what was refused and why.", "Mend the file and press reload."],
    example: "There is no game minecrft. Known games: minecraft, teeworlds.",
  },
  invalid_variables: {
    means: "A variable of the game has a value that its template does not allow.",
    causes: [
      "A number is out of its range.",
      "A word is not one of the choices.",
      "A text is too long or holds characters the game cannot take.",
    ],
    remedy: ["Look at `faults`: each names the variable and says what it must be."],
    example: "/variables/MAX_PLAYERS must be at most 64.",
  },
  internal: {
    means: "Playspawn made a mistake. It is not your fault, and trying again may help or not.",
    causes: ["A bug of ours, or a part of the machine that failed in a way we did not foresee."],
    remedy: [
      "Note the request id, `instance` in the answer: the control plane's log tells more under it.",
      "Report it with the lines of the log. They hold no passwords and no tokens.",
    ],
    example: "Something broke on our side. The log tells more under this request id.",
  },
  not_ready: {
    means: "The program runs and cannot do its work at the moment.",
    causes: ["It is starting or stopping.", "A database does not answer.", "As many are connected as it can serve."],
    remedy: [
      "Try again in a few seconds.",
      "As operator: `/readyz?verbose` names the check that fails, the log tells why.",
    ],
    example: "The control plane is stopping. Try again in a moment.",
  },
} as const satisfies Partial<Record<ErrorCode, ErrorPage>>;
