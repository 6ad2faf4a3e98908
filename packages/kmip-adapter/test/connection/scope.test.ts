import { expect, test } from 'vitest'
import { openScope, type Scope, waitWithin } from '../../src/connection/scope.js'

const never = (scope: Scope, start: () => void) =>
  waitWithin<void>(
    scope,
    () => scope.error('server', 'read'),
    () => {
      start()
      return () => undefined
    },
  )

test('a scope ends once, and keeps why', () => {
  const scope = openScope({})
  let calls = 0
  scope.onEnd(() => calls++)
  expect(scope.over).toBe(false)
  scope.end({ kind: 'closed' })
  scope.end({ kind: 'aborted' })
  expect([scope.over, scope.ending, calls]).toEqual([true, { kind: 'closed' }, 1])
})

test('what is part of a scope that is over is over for the same reason', () => {
  const parent = openScope({})
  parent.end({ kind: 'closed' })
  expect(openScope({ parent, signal: AbortSignal.abort() }).ending).toEqual({ kind: 'closed' })
})

test('a signal that was given already ends a scope, by itself or as part of another', () => {
  const signal = AbortSignal.abort()
  expect(openScope({ signal }).ending).toEqual({ kind: 'aborted' })
  expect(openScope({ signal, parent: openScope({}) }).ending).toEqual({ kind: 'aborted' })
})

test('a scope goes on while its parent and its signal do', () => {
  const scope = openScope({ parent: openScope({}), signal: new AbortController().signal })
  expect([scope.over, scope.ending]).toEqual([false, undefined])
})

test('nothing is begun within a scope that is over', async () => {
  const scope = openScope({})
  scope.end({ kind: 'aborted' })
  let begun = false
  await expect(never(scope, () => (begun = true))).rejects.toMatchObject({ code: 'TRANSPORT_ABORTED' })
  expect(begun).toBe(false)
})
