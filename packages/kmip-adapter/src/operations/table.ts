import { activate } from './activate.js'
import { create } from './create.js'
import { destroy } from './destroy.js'
import { discoverVersions } from './discover-versions.js'
import { get } from './get.js'
import { getAttributes } from './get-attributes.js'
import { locate } from './locate.js'
import type { Operation } from './operation.js'
import { query } from './query.js'
import { revoke } from './revoke.js'

/** Every operation whose payloads have a type here, by name. */
export const operations: ReadonlyMap<unknown, Operation<unknown, unknown>> = new Map(
  [activate, create, destroy, discoverVersions, get, getAttributes, locate, query, revoke].map(
    (operation) => [operation.name, operation as Operation<unknown, unknown>],
  ),
)
