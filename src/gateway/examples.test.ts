import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Compile } from 'typebox/schema';
import { EXAMPLES } from './examples.ts';
import { collectExamples } from './testing/examples.ts';
import { unsentFields } from './testing/fields.ts';
import { type Api, openApi } from './testing/gateway.ts';
import { withoutReferences } from './testing/openapi-conformance.ts';

interface Content {
  schema: object;
  example?: unknown;
}
interface Operation {
  operationId: string;
  requestBody?: { content: Record<string, Content> };
  responses: Record<string, { content: Record<string, Content> }>;
}

/** A picture is no example that anybody could read. */
const WITHOUT_EXAMPLE = ['getMedia'];
/** Said where a service is down (`serializers.test.ts`, `test/system`). */
const IN_AN_OUTAGE = /^\/(degraded|partial)/;
/** By response, the fields that other tests show: nobody in the story follows who reposts, or resolves what is listed. */
const NOT_IN_THE_STORY: Record<string, readonly string[]> = {
  TweetWithUsers: ['/repostedBy/[]'],
  TweetPage: ['/tweets/[]/repostedBy/[]'],
  FollowingPage: ['/private/[]'],
  ReportPage: ['act', 'by', 'reason', 'time'].map((field) => `/reports/[]/resolution/${field}`),
};
const HOW_TO_MEND = 'if that is meant to be, run `npm run examples`';

/** What an example is like: its fields and the types of their values. Ids, times and tokens are others each time. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  const entries = Object.entries(value).map(([name, field]) => [name.replace(/^\d+$/, 'id'), shapeOf(field)]);
  return Object.fromEntries(entries);
}

describe('the examples of the OpenAPI document', () => {
  let api: Api;
  let operations: Operation[];
  before(async () => {
    api = await openApi();
    operations = Object.values(api.document.paths).flatMap(
      (item) => Object.values(withoutReferences(api.document, item) as object) as Operation[],
    );
  });
  after(async () => {
    await api.close();
  });

  function holds({ schema, example }: Content, about: string): void {
    assert.ok(example !== undefined, `${about} has no example: ${HOW_TO_MEND}`);
    const validator = Compile(schema);
    if (validator.Check(example)) return;
    const [, errors] = validator.Errors(example);
    assert.fail(`${about}: ${JSON.stringify(errors)}: ${HOW_TO_MEND}`);
  }

  test('there is one of each body and each response, as its schema says', () => {
    for (const { operationId, requestBody, responses } of operations) {
      if (WITHOUT_EXAMPLE.includes(operationId)) continue;
      for (const body of Object.values(requestBody?.content ?? {})) holds(body, `the body of ${operationId}`);
      for (const response of Object.values(responses['200']!.content)) {
        holds(response, `the response of ${operationId}`);
      }
    }
    const problem = withoutReferences(api.document, api.document.components.schemas.Problem) as object;
    holds({ schema: problem, example: EXAMPLES.problem }, 'a problem');
  });

  test('whatever the schema of a response has was sent', () => {
    const examples = new Map<string, { schema: object; answers: unknown[] }>();
    for (const { responses } of operations) {
      const { schema, example } = responses['200']!.content['application/json'] ?? {};
      if (schema === undefined) continue;
      const title = String(Reflect.get(schema, 'title'));
      const { answers } = examples.get(title) ?? { answers: [] };
      examples.set(title, { schema, answers: [...answers, example] });
    }
    for (const [title, { schema, answers }] of examples) {
      const unsent = unsentFields(schema, answers).filter((field) => !IN_AN_OUTAGE.test(field));
      assert.deepEqual(unsent, NOT_IN_THE_STORY[title] ?? [], title);
    }
  });

  test('the events of the stream are as their schemas say, with every field', () => {
    const { StreamEvents } = api.document.components.schemas;
    const { properties } = withoutReferences(api.document, StreamEvents) as {
      properties: Record<string, object>;
    };
    const text = EXAMPLES.calls.openStream?.response as string;
    const sent: Record<string, unknown[]> = {};
    for (const [, name, data] of text.matchAll(/^event: (.*)\ndata: (.*)$/gm)) {
      const example = JSON.parse(data!);
      holds({ schema: properties[name!]!, example }, `the event ${name}`);
      sent[name!] = [...(sent[name!] ?? []), example];
    }
    assert.deepEqual(Object.keys(sent).sort(), ['counts', 'delete', 'notification', 'tweet']);
    for (const [name, events] of Object.entries(sent))
      assert.deepEqual(unsentFields(properties[name]!, events), [], name);
  });

  test('they are what the system answers', async () => {
    const { calls, problem } = await collectExamples();
    assert.deepEqual(Object.keys(EXAMPLES.calls).sort(), Object.keys(calls).sort(), HOW_TO_MEND);
    for (const [name, example] of Object.entries(calls)) {
      assert.deepEqual(shapeOf(EXAMPLES.calls[name]), shapeOf(example), `${name}: ${HOW_TO_MEND}`);
    }
    assert.deepEqual(EXAMPLES.problem, problem);
  });
});
