import { setMaxListeners } from 'node:events'
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
  /** Aborted when the scope ends early. */
  readonly signal: AbortSignal
  /** The error for the ending; only once the signal is aborted. */
  error(endpoint: string, phase: Phase): TrustholdError
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

/** Opens a scope; the caller has to dispose of it. */
export function openScope(bounds: ScopeBounds): Scope {
  const { parent, milliseconds, signal } = bounds
  const controller = new AbortController()
  // A client's own scope is the parent of every call that is running.
  setMaxListeners(0, controller.signal)
  const end = (ending: Ending): void => controller.abort(ending)
  const follow = (): void => end(parent?.signal.reason as Ending)
  const abort = (): void => end({ kind: 'aborted' })
  const timer =
    milliseconds === undefined
      ? undefined
      : setTimeout(() => end({ kind: 'timeout', milliseconds }), milliseconds)
  parent?.signal.addEventListener('abort', follow)
  signal?.addEventListener('abort', abort)
  if (parent?.signal.aborted === true) follow()
  else if (signal?.aborted === true) abort()
  return {
    signal: controller.signal,
    error: (endpoint, phase) => toError(controller.signal.reason as Ending, endpoint, phase),
    end,
    dispose() {
      clearTimeout(timer)
      parent?.signal.removeEventListener('abort', follow)
      signal?.removeEventListener('abort', abort)
    },
  }
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
    if (scope.signal.aborted) return reject(endedBy())
    let stop: (() => void) | undefined
    const onEnd = (): void => {
      reject(endedBy())
      stop?.()
    }
    const settle = (act: () => void): void => {
      scope.signal.removeEventListener('abort', onEnd)
      act()
    }
    scope.signal.addEventListener('abort', onEnd, { once: true })
    stop = start(
      (value) => settle(() => resolve(value)),
      (error) => settle(() => reject(error)),
    )
  })
}
