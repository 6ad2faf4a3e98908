import { describe, expect, test } from 'vitest'
import { located } from '../scripted-server.js'
import { type Answer, answering, keyServerOf, refused, stage, success, useStage } from './key-server-stage.js'

useStage()

describe('health', () => {
  test('has the names of the configuration, in its order', async () => {
    const found = await keyServerOf([1, 2]).health()
    expect(found.map(({ name, endpoint }) => [name, endpoint])).toEqual([
      ['node-1', '127.0.0.1:1'],
      ['node-2', '127.0.0.1:2'],
    ])
    // Nothing is said of certificates that nobody has seen.
    expect(found.map(({ details }) => details.length)).toEqual([1, 1])
  })

  const searched = (search: Answer) =>
    stage.serve(answering({ Query: [() => success('Query', {})], Locate: [search] }))

  test('is a warning where searching is forbidden: keys can be used all the same', async () => {
    const { port } = await searched(() => refused('Locate', 'PermissionDenied'))
    expect(await keyServerOf([port]).health()).toMatchObject([
      { health: 'WARNING', details: [expect.stringContaining('PermissionDenied')] },
    ])
  })

  test('is a warning from thirty days before a certificate ends', async () => {
    const { port } = await searched(() => located())
    const days = (count: number) => ({ now: () => Date.now() + count * 86_400_000 })
    const healthAfter = async (count: number) =>
      (await keyServerOf([port], { version: '1.4', clock: days(count) }).health())[0]
    expect(await healthAfter(790)).toMatchObject({ health: 'OK', details: [] })
    expect(await healthAfter(800)).toMatchObject({
      health: 'WARNING',
      details: [expect.stringMatching(/our.* in 2\d days/), expect.stringMatching(/server's.* in 2\d days/)],
    })
    expect(await healthAfter(900)).toMatchObject({
      details: [expect.stringMatching(/our.*has ended/), expect.stringMatching(/server's.*has ended/)],
    })
  })
})
