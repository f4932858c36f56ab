/** Why no answer came, as a sentence and what to do: what Node says of it is meant for programmers. */
import { Failure } from "../failure.ts";
import { exits } from "../exit-codes.ts";

interface Words {
  sentence: string;
  hints?: string[];
}

type Explain = (at: URL) => Words;

const elsewhere = "Name another Playspawn with --url or PLAYSPAWN_URL.";
const untrusted: Explain = ({ origin }) => ({
  sentence: `The certificate of ${origin} is not signed by anybody this machine trusts.`,
  hints: ["If it is yours, name the certificate of its issuer: NODE_EXTRA_CA_CERTS=/path/to/ca.pem playspawn …"],
});
const silent: Explain = ({ host }) => ({
  sentence: `${host} does not answer.`,
  hints: ["Check that the machine is on, and that no firewall between drops what you send.", elsewhere],
});
const noTls: Explain = ({ host }) => ({
  sentence: `${host} does not speak TLS at this port.`,
  hints: [`Perhaps it is plain HTTP: try --url http://${host}`],
});
const cutOff: Explain = ({ origin, host, protocol }) => ({
  sentence: `${origin} ended the connection before its answer was whole.`,
  hints:
    protocol === "http:"
      ? [`If it wants TLS: --url https://${host}`]
      : ["Try again; the control plane may be starting."],
});

const byCode: Record<string, Explain> = {
  ECONNREFUSED: ({ origin }) => ({
    sentence: `Nothing answers at ${origin}.`,
    hints: ["If Playspawn belongs there, it does not run: start it with ./scripts/start.", elsewhere],
  }),
  ENOTFOUND: ({ hostname }) => ({
    sentence: `There is no host ${hostname}.`,
    hints: ["Check its spelling.", elsewhere],
  }),
  EAI_AGAIN: ({ hostname }) => ({
    sentence: `The name ${hostname} cannot be looked up now.`,
    hints: ["Check this machine's network and DNS."],
  }),
  EHOSTUNREACH: silent,
  ENETUNREACH: silent,
  ETIMEDOUT: silent,
  UND_ERR_CONNECT_TIMEOUT: silent,
  ECONNRESET: cutOff,
  UND_ERR_SOCKET: cutOff,
  HPE_INVALID_CONSTANT: ({ origin }) => ({
    sentence: `What answers at ${origin} does not speak HTTP.`,
    hints: [elsewhere],
  }),
  EPROTO: noTls,
  ERR_SSL_WRONG_VERSION_NUMBER: noTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: noTls,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_HAS_EXPIRED: ({ origin }) => ({
    sentence: `The certificate of ${origin} has expired.`,
    hints: ["Renew it there. If it is new, check this machine's clock."],
  }),
  CERT_NOT_YET_VALID: ({ origin }) => ({
    sentence: `The certificate of ${origin} is not valid yet.`,
    hints: ["Check this machine's clock."],
  }),
  ERR_TLS_CERT_ALTNAME_INVALID: ({ origin, hostname }) => ({
    sentence: `The certificate of ${origin} is for another name.`,
    hints: [`Use the name that it is for instead of ${hostname}.`],
  }),
};

/** The first code that says something, in the error or in what caused it. */
function codeOf(error: unknown): string | undefined {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 8; depth++) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== undefined && Object.hasOwn(byCode, code)) return code;
    cause = cause instanceof AggregateError ? (cause.errors[0] ?? cause.cause) : cause.cause;
  }
  return undefined;
}

const innermost = (error: unknown): string => {
  let text = String(error);
  for (let cause = error, depth = 0; cause instanceof Error && depth < 8; cause = cause.cause, depth++)
    text = cause.message;
  return text;
};

/** @param url what was asked @param error what fetch threw */
export function unreachable(url: string, error: unknown): Failure {
  const at = new URL(url);
  if (error instanceof Error && error.name === "TimeoutError") {
    const { hints = [] } = silent(at);
    return new Failure(exits.cancelled, `${at.host} took too long to answer.`, { hints, cause: error });
  }
  const code = codeOf(error);
  if (code === undefined)
    return new Failure(exits.failure, `${at.origin} cannot be reached: ${innermost(error).replace(/\.$/, "")}.`, {
      hints: [elsewhere],
      cause: error,
    });
  const { sentence, hints = [] } = byCode[code]!(at);
  return new Failure(exits.failure, sentence, { hints, cause: error });
}
