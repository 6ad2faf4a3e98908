import { TrustholdError } from '@trusthold/core/errors'

/** What a call was doing when it ended. */
export type Phase = 'connect' | 'tls' | 'write' | 'read'

/** Why a scope ended before its work was done. */
export type Ending =
  | { readonly kind: 'timeout'; readonly milliseconds: number }
  | { readonly kind: 'aborted' }
  | { readonly kind: 'closed' }

/** What bounds a piece of work: its time, the caller's signal, and the scope that it is part of. */
export interface Scope {
  /** Why it ended, once it has ended early. */
  readonly ending: Ending | undefined
  /** Whether it ended early. */
  readonly over: boolean
  /** The error for the ending; only once the scope is over. */
  error(endpoint: string, phase: Phase): TrustholdError
  /** Calls back when the scope ends early, unless the callback is taken away with {@link Scope.offEnd} before. */
  onEnd(callback: () => void): void
  offEnd(callback: () => void): void
  /** Ends the scope and all that are part of it, early. */
  end(ending: Ending): void
  /** Frees what watches over the scope, when its work is done. */
  dispose(): void
}

/** What bounds a {@link Scope}. */
export interface ScopeBounds {
  readonly parent?: Scope
  readonly milliseconds?: number
  readonly signal?: AbortSignal | undefined
}

function toError(ending: Ending, endpoint: string, phase: Phase): TrustholdError {
  switch (ending.kind) {
    case 'timeout':
      return new TrustholdError('TRANSPORT_TIMEOUT', { endpoint, phase, milliseconds: ending.milliseconds })
    case 'aborted':
      return new TrustholdError('TRANSPORT_ABORTED', { endpoint })
    case 'closed':
      return new TrustholdError('TRANSPORT_CLOSED', { endpoint })
  }
}

/** A plain list of callbacks: an AbortController for each request would cost more than reading its answer. */
class BoundScope implements Scope {
  readonly #listeners = new Set<() => void>()
  readonly #parent: Scope | undefined
  readonly #signal: AbortSignal | undefined
  readonly #timer: NodeJS.Timeout | undefined
  ending: Ending | undefined

  constructor({ parent, milliseconds, signal }: ScopeBounds) {
    this.#parent = parent
    this.#signal = signal
    if (milliseconds !== undefined) {
      this.#timer = setTimeout(() => this.end({ kind: 'timeout', milliseconds }), milliseconds)
    }
    this.#parent?.onEnd(this.#follow)
    signal?.addEventListener('abort', this.#abort)
    if (this.#parent?.over === true) this.#follow()
    else if (signal?.aborted === true) this.#abort()
  }

  get over(): boolean {
    return this.ending !== undefined
  }

  error(endpoint: string, phase: Phase): TrustholdError {
    return toError(this.ending as Ending, endpoint, phase)
  }

  onEnd(callback: () => void): void {
    this.#listeners.add(callback)
  }

  offEnd(callback: () => void): void {
    this.#listeners.delete(callback)
  }

  end(ending: Ending): void {
    if (this.ending !== undefined) return
    this.ending = ending
    for (const listener of [...this.#listeners]) listener()
  }

  dispose(): void {
    clearTimeout(this.#timer)
    this.#parent?.offEnd(this.#follow)
    this.#signal?.removeEventListener('abort', this.#abort)
  }

  readonly #follow = (): void => this.end(this.#parent?.ending as Ending)
  readonly #abort = (): void => this.end({ kind: 'aborted' })
}

/** Opens a scope; the caller has to dispose of it. */
export function openScope(bounds: ScopeBounds): Scope {
  return new BoundScope(bounds)
}

/**
 * Waits for what `start` reports, unless the scope ends first.
 * @param start begins the work and returns what stops it when the scope ends early
 */
export function waitWithin<T>(
  scope: Scope,
  endedBy: () => TrustholdError,
  start: (resolve: (value: T) => void, reject: (error: unknown) => void) => () => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    if (scope.over) return reject(endedBy())
    let stop: (() => void) | undefined
    const onEnd = (): void => {
      reject(endedBy())
      stop?.()
    }
    scope.onEnd(onEnd)
    stop = start(
      (value) => {
        scope.offEnd(onEnd)
        resolve(value)
      },
      (error) => {
        scope.offEnd(onEnd)
        reject(error)
      },
    )
  })
}
