// What is used of node-forge, which comes without types. Its byte strings are "binary" strings: one character an octet.
declare module 'node-forge' {
  /** A node of forge's ASN.1 tree. */
  interface Asn1 {
    readonly tagClass: number
    readonly type: number
    readonly constructed: boolean
    readonly value: string | readonly Asn1[]
  }
  interface Bag {
    readonly type: string
    /** Null when the key is not RSA; `asn1` holds it then. */
    readonly key?: object | null
    /** Null when forge cannot read the certificate; `asn1` holds it then. */
    readonly cert?: object | null
    readonly asn1?: Asn1
  }
  interface Pfx {
    readonly safeContents: readonly { readonly safeBags: readonly Bag[] }[]
  }
  interface Forge {
    readonly asn1: {
      fromDer(bytes: string, strict: boolean): Asn1
      toDer(node: Asn1): { getBytes(): string }
    }
    readonly pkcs12: { pkcs12FromAsn1(node: Asn1, strict: boolean, password: string): Pfx }
    readonly pki: {
      readonly oids: Readonly<Record<'certBag' | 'keyBag' | 'pkcs8ShroudedKeyBag', string>>
      certificateToAsn1(certificate: object): Asn1
      privateKeyToAsn1(key: object): Asn1
      wrapRsaPrivateKey(key: Asn1): Asn1
    }
  }
  const forge: Forge
  export default forge
  export type { Asn1, Bag, Forge, Pfx }
}
