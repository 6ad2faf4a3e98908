import type { Socket } from 'node:net'
import { transportFailed } from './failure.js'
import { type Phase, type Scope, waitWithin } from './scope.js'

/** Destroys a socket of which nobody wants to hear any more. */
export function abandon(socket: Socket): void {
  socket.on('error', () => undefined).destroy()
}

/** Waits for an event of a socket that is being set up; any failure, and the scope's end, destroy the socket. */
export function waitForEvent(
  socket: Socket,
  event: string,
  endpoint: string,
  phase: Phase,
  scope: Scope,
): Promise<void> {
  if (scope.over) abandon(socket)
  return waitWithin<void>(
    scope,
    () => scope.error(endpoint, phase),
    (resolve, reject) => {
      const stopListening = (): void => {
        socket.off(event, onEvent).off('error', onError).off('close', onClose)
      }
      const fail = (cause: unknown): void => {
        stopListening()
        abandon(socket)
        reject(transportFailed(endpoint, phase, cause))
      }
      const onEvent = (): void => {
        stopListening()
        resolve()
      }
      const onError = (error: unknown): void => fail(error)
      const onClose = (): void => fail(undefined)
      socket.once(event, onEvent).once('error', onError).once('close', onClose)
      return () => fail(undefined)
    },
  )
}
