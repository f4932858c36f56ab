/** HTTP as bytes, for what fetch would not send. */
import { connect } from "node:net";

/** Sends `text` as it is and answers everything until the connection ends. */
export function raw(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    let answer = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => (answer += chunk));
    socket.on("end", () => resolve(answer));
    socket.on("error", reject);
    socket.end(text);
  });
}

export const rawGet = (url: string, path: string, host: string): Promise<string> =>
  raw(url, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);

export const rawPost = (url: string, path: string, host: string): Promise<string> =>
  raw(url, `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
