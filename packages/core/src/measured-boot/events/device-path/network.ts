import { toHex } from '../../../bytes/index.js'
import { bytesOf, rest, struct, u8, u16le } from '../../../codec/index.js'
import { hex, type NodeText, nodeText } from './node.js'

const mac = struct('MAC_ADDR_DEVICE_PATH', { address: bytesOf(32), ifType: u8 })
const ipv4Def = struct('IPv4_DEVICE_PATH', {
  local: bytesOf(4),
  remote: bytesOf(4),
  localPort: u16le,
  remotePort: u16le,
  protocol: u16le,
  fixed: u8,
  tail: rest,
})
const ipv6Def = struct('IPv6_DEVICE_PATH', {
  local: bytesOf(16),
  remote: bytesOf(16),
  localPort: u16le,
  remotePort: u16le,
  protocol: u16le,
  origin: u8,
  tail: rest,
})
const dnsDef = struct('DNS_DEVICE_PATH', { version6: u8, servers: rest })

/** An address of the interface type 0 or 1 (Ethernet) has 6 of the 32 bytes. */
const ethernetSize = 6
/** Room of an address in a list, of whichever version. */
const addressSize = 16

/** Sub-type 11. */
export const macAddress: NodeText = nodeText(mac, ({ address, ifType }) => {
  return `MAC(${toHex(ifType <= 1 ? address.subarray(0, ethernetSize) : address)},${hex(ifType)})`
})

/** Sub-type 12; gateway and subnet mask are missing in older nodes. */
export const ipv4: NodeText = nodeText(ipv4Def, ({ local, remote, protocol, fixed, tail }) => {
  const parameters = [v4(remote), protocolText(protocol), fixed === 0 ? 'DHCP' : 'Static', v4(local)]
  if (tail.length !== 0 && tail.length !== 8) return undefined
  if (tail.length === 8) parameters.push(v4(tail.subarray(0, 4)), v4(tail.subarray(4)))
  return `IPv4(${parameters.join(',')})`
})

/** Sub-type 13; length of the prefix and gateway are missing in older nodes. */
export const ipv6: NodeText = nodeText(ipv6Def, ({ local, remote, protocol, origin, tail }) => {
  const origins = ['Static', 'StatelessAutoConfigure', 'StatefulAutoConfigure']
  const parameters = [v6(remote), protocolText(protocol), origins[origin] ?? hex(origin), v6(local)]
  if (tail.length !== 0 && tail.length !== 17) return undefined
  if (tail.length === 17) parameters.push(hex(tail[0] as number), v6(tail.subarray(1)))
  return `IPv6(${parameters.join(',')})`
})

/** Sub-type 31. */
export const dns: NodeText = nodeText(dnsDef, ({ version6, servers }) => {
  if (servers.length % addressSize !== 0) return undefined
  const texts: string[] = []
  for (let at = 0; at < servers.length; at += addressSize) {
    const server = servers.subarray(at, at + addressSize)
    texts.push(version6 === 0 ? v4(server.subarray(0, 4)) : v6(server))
  }
  return `Dns(${texts.join(',')})`
})

function v4(address: Uint8Array): string {
  return address.join('.')
}

function v6(address: Uint8Array): string {
  return (toHex(address).match(/.{4}/g) ?? []).join(':')
}

function protocolText(protocol: number): string {
  if (protocol === 6) return 'TCP'
  return protocol === 17 ? 'UDP' : hex(protocol)
}
