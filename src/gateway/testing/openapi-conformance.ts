/** Checks that responses are what the OpenAPI document says. */
import assert from 'node:assert/strict';
import { Compile } from 'typebox/schema';
import type { OpenApiDocument } from '#http/docs/openapi.ts';

interface Header {
  required?: boolean;
  schema: object;
}
interface Reference {
  $ref: string;
}
interface Response {
  headers?: Record<string, Header | Reference>;
  content?: Record<string, { schema: object }>;
}
interface Operation {
  operationId: string;
  responses: Record<string, Response | Reference>;
}

/** `check` throws if a status is not documented, or if a header or the body is not of its schema. */
export function createConformance(document: OpenApiDocument) {
  const validators = new Map<object, ReturnType<typeof Compile>>();
  const seen = new Map<string, Set<number>>();

  function validatorOf(schema: object) {
    let validator = validators.get(schema);
    if (validator === undefined) {
      validator = Compile({ ...schema, components: document.components });
      validators.set(schema, validator);
    }
    return validator;
  }

  function resolved<Of extends object>(part: Of | Reference): Of {
    return '$ref' in part ? (componentAt(document, part.$ref) as Of) : part;
  }

  function checkHeaders(about: string, { headers: declared = {} }: Response, given: Headers): void {
    for (const [name, reference] of Object.entries(declared)) {
      const header = resolved(reference);
      const value = given.get(name);
      assert.ok(value !== null || header.required !== true, `${about} has no ${name}`);
      assert.ok(value === null || validatorOf(header.schema).Check(value), `${about}: ${name}: ${value}`);
    }
  }

  function operationOf(method: string, path: string): Operation | undefined {
    const segments = path.split('?')[0]!.split('/');
    const matching = Object.keys(document.paths)
      .filter((template) => matches(template.split('/'), segments))
      // Static segments win over parameters.
      .sort((a, b) => a.split('{').length - b.split('{').length);
    const item = document.paths[matching[0] ?? ''];
    return item?.[method.toLowerCase()] as unknown as Operation | undefined;
  }

  return {
    /** The statuses seen, by operationId. */
    seen,
    check(method: string, path: string, response: { status: number; headers: Headers; body: unknown }): void {
      const operation = operationOf(method, path);
      if (operation === undefined) {
        assert.ok([404, 405].includes(response.status), `${method} ${path} is not documented`);
        return;
      }
      const { operationId, responses } = operation;
      seen.set(operationId, (seen.get(operationId) ?? new Set()).add(response.status));
      const found = responses[response.status];
      assert.ok(found, `${operationId} answered ${response.status}, which it does not document`);
      const documented = resolved(found);
      checkHeaders(`${operationId} ${response.status}`, documented, response.headers);
      const type = (response.headers.get('content-type') ?? '').split(';')[0]!;
      const content = documented.content?.[type];
      assert.ok(content, `${operationId} answered ${response.status} as ${type}`);
      const validator = validatorOf(content.schema);
      if (validator.Check(response.body)) return;
      const [, errors] = validator.Errors(response.body);
      assert.fail(
        `${operationId} ${response.status}: ${JSON.stringify(errors)} in ${JSON.stringify(response.body)}`,
      );
    },
  };
}

/** Resolves a reference into the document's components. */
function componentAt(document: OpenApiDocument, reference: string): unknown {
  const [kind, name] = reference.replace('#/components/', '').split('/');
  return document.components[kind as 'schemas' | 'responses' | 'headers'][name!];
}

/** A copy of a part of the document, with every reference resolved. */
export function withoutReferences(document: OpenApiDocument, part: unknown): unknown {
  if (Array.isArray(part)) return part.map((item) => withoutReferences(document, item));
  if (typeof part !== 'object' || part === null) return part;
  if ('$ref' in part) return withoutReferences(document, componentAt(document, String(part.$ref)));
  return Object.fromEntries(
    Object.entries(part).map(([key, value]) => [key, withoutReferences(document, value)]),
  );
}

function matches(template: string[], segments: string[]): boolean {
  return (
    template.length === segments.length &&
    template.every((part, i) => part.startsWith('{') || part === segments[i])
  );
}
