import { expect, test } from 'vitest'
import { kmip } from '../../src/key-server/index.js'
import { requestMessage } from '../../src/messages/index.js'
import { decodeMessage } from '../../src/ttlv/index.js'
import { clientOptions, versionsServed } from '../scripted-server.js'
import { answering, attributesOf, identities, stage, useStage } from './key-server-stage.js'

useStage()

test.each([
  ['UsernameAndPassword', { username: 'us', password: 'secret' }],
  ['Device', { device: { deviceSerialNumber: 'serial-17' }, password: 'secret' }],
] as const)('the credential %s is sent with every request, the first included', async (type, credential) => {
  const server = await stage.serve(
    answering({
      DiscoverVersions: [() => versionsServed([1, 4])],
      GetAttributes: [() => attributesOf('7')],
    }),
  )
  const { tls } = clientOptions(identities, [])
  const keyServer = kmip()({
    servers: [{ name: 'one', host: '127.0.0.1', port: server.port }],
    ...tls,
    credential,
  })
  stage.onEnd(() => keyServer.close())
  await keyServer.describe('7')
  for (const { frame } of server.requests) {
    const { authentication } = decodeMessage(requestMessage, frame).requestHeader
    expect(authentication?.credential?.map(({ credentialType }) => credentialType)).toEqual([type])
    for (const said of ['secret', 'device' in credential ? 'serial-17' : 'us']) {
      expect(Buffer.from(frame).includes(said)).toBe(true)
    }
  }
  expect(server.requests).toHaveLength(2)
})
