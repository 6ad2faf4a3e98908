import { tpmContract } from '@trusthold/core/testing'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { type Swtpm, startSwtpm } from '../../../../scripts/peers/swtpm.mjs'
import { connectSwtpmTcp, connectSwtpmUnix, openSwtpmControl } from '../../src/index.js'
import { live } from './live-subject.js'

let tcp: Swtpm
let unix: Swtpm
beforeAll(async () => {
  ;[tcp, unix] = await Promise.all([startSwtpm(), startSwtpm({ socket: 'unix' })])
})
afterAll(() => Promise.all([tcp.stop(), unix.stop()]))

const restartTcp = () => openSwtpmControl({ port: tcp.tcpPort + 1 }).initialize()
const connectTcp = () => connectSwtpmTcp({ port: tcp.tcpPort })

describe('swtpm over TCP', () => {
  tpmContract(test, live(connectTcp, restartTcp))
})

describe('swtpm over a UNIX socket', () => {
  const path = () => unix.unixPath as string
  tpmContract(
    test,
    live(
      () => connectSwtpmUnix({ path: path() }),
      () => openSwtpmControl({ path: `${path()}.ctrl` }).initialize(),
    ),
  )
})
