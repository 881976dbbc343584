/**
 * What every engagement store promises, run with two handles open on one backend, as two processes would be. An
 * adapter hands in how to make a fresh backend.
 */
import type { CreateBackend } from '../testing/store-kit.ts';
import { describeModel } from '../testing/store-model.ts';
import { describeComments } from './comments.conformance.ts';
import { describeWhole } from './histories.conformance.ts';
import { describeLikes } from './likes.conformance.ts';
import { describeReposts } from './reposts.conformance.ts';

export function describeEngagementStore(name: string, create: CreateBackend): void {
  describeLikes(name, create);
  describeReposts(name, create);
  describeComments(name, create);
  describeWhole(name, create);
  describeModel(name, create);
}
