import type { Socket } from 'node:net'
import { transportFailed } from './failure.js'
import { type Phase, type Scope, waitWithin } from './scope.js'

/** Waits for an event of a socket that is being set up; any failure, and the scope's end, destroy the socket. */
export function waitForEvent(
  socket: Socket,
  event: string,
  endpoint: string,
  phase: Phase,
  scope: Scope,
): Promise<void> {
  return waitWithin<void>(
    scope,
    () => scope.error(endpoint, phase),
    (resolve, reject) => {
      const stopListening = (): void => {
        socket.off(event, onEvent).off('error', onError).off('close', onClose)
      }
      const fail = (cause: unknown): void => {
        stopListening()
        socket.on('error', () => undefined).destroy()
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
