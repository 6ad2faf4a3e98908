import type { IdReference } from '../../protocol/index.js'
import { refuse } from './refusal.js'

/** What made or found an object, by KMIP's name: the Unique Identifier enumeration of 2.x. */
export type IdSource = Exclude<Extract<IdReference, { placeholder: unknown }>['placeholder'], number>

/**
 * The ids of one batch. Its ID Placeholder starts empty with each batch: that of another one, let alone of another
 * client, is never seen.
 */
export interface BatchIds {
  /** Notes the ids that an operation made or found, the one for the ID Placeholder first. */
  note(source: IdSource, ...ids: readonly string[]): void
  /** Notes one under a further source, such as the two halves of a pair. */
  name(source: IdSource, id: string): void
  /** Empties the ID Placeholder: an operation that should have set it found nothing, or not one thing. */
  clear(): void
  /**
   * The id that a request means.
   * @throws Refusal when it names none and the batch has none yet
   */
  resolve(id: string | IdReference | undefined): string
}

/** The ids of a batch that starts. */
export function createBatchIds(): BatchIds {
  const bySource = new Map<unknown, string>()
  const all: string[] = []
  return {
    note(source, ...ids) {
      const [first] = ids
      all.push(...ids)
      if (first === undefined) return
      bySource.set(source, first)
      bySource.set('IDPlaceholder', first)
    },
    name: (source, id) => void bySource.set(source, id),
    clear: () => void bySource.delete('IDPlaceholder'),
    resolve(id) {
      if (typeof id === 'string') return id
      const found =
        id === undefined
          ? bySource.get('IDPlaceholder')
          : 'placeholder' in id
            ? bySource.get(id.placeholder)
            : all.at(id.position)
      return found ?? refuse('MissingData', 'no Unique Identifier is given and the batch has none to take')
    },
  }
}
