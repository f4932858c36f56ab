/** OpenAPI 3.1 from the operations: their schemas are JSON schemas already. */
import { z } from "zod";
import type { Operation } from "./operation.ts";
import { Problem, problemMediaType } from "./problem.ts";

const jsonSchema = (schema: z.ZodType, io: "input" | "output"): Record<string, unknown> => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
};

export function openapiDocument(operations: readonly Operation[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const one of operations) (paths[one.path] ??= {})[one.method] = describe(one);
  return {
    openapi: "3.1.0",
    info: {
      title: "Playspawn node agent",
      version: "1",
      description:
        "What a node does with its servers. Every path but /health wants the node's secret in the header X-Node-Secret.",
    },
    servers: [{ url: "/" }],
    security: [{ nodeSecret: [] }],
    paths,
    components: {
      securitySchemes: { nodeSecret: { type: "apiKey", in: "header", name: "X-Node-Secret" } },
      schemas: { Problem: jsonSchema(Problem, "output") },
      responses: {
        Problem: {
          description: "What went wrong, as RFC 9457 says it.",
          content: { [problemMediaType]: { schema: { $ref: "#/components/schemas/Problem" } } },
        },
      },
    },
  };
}

function describe(one: Operation): object {
  const { name, summary, description, tag, answers } = one;
  const responses = Object.entries(answers).map(([status, answer]) => [status, answerOf(summary, answer)]);
  return {
    operationId: name,
    summary,
    ...(description === undefined ? {} : { description }),
    tags: [tag],
    ...(tag === "health" ? { security: [] } : {}),
    parameters: [...parametersOf(one.params, "path"), ...parametersOf(one.query, "query")],
    ...bodyOf(one),
    responses: { ...(Object.fromEntries(responses) as object), default: { $ref: "#/components/responses/Problem" } },
  };
}

function parametersOf(schema: z.ZodType | undefined, where: "path" | "query"): object[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = jsonSchema(schema, "input") as {
    properties?: Record<string, { description?: string }>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, one]) => ({
    name,
    in: where,
    required: where === "path" || required.includes(name),
    ...(one.description === undefined ? {} : { description: one.description }),
    schema: one,
  }));
}

function bodyOf({ body, rawBody }: Operation): object {
  if (rawBody) return { requestBody: { required: true, content: { [rawBody.media]: { schema: { type: "string" } } } } };
  if (!body) return {};
  const required = !body.safeParse({}).success;
  return { requestBody: { required, content: { "application/json": { schema: jsonSchema(body, "input") } } } };
}

function answerOf(description: string, answer: z.ZodType | string | null): object {
  if (answer === null) return { description };
  if (typeof answer === "string") return { description, content: { [answer]: { schema: { type: "string" } } } };
  return { description, content: { "application/json": { schema: jsonSchema(answer, "output") } } };
}
