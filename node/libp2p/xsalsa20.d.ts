/** The stream cipher of libp2p's private networks; the package brings no types. */
declare module 'xsalsa20' {
  interface Cipher {
    /** The next bytes of the stream, ciphered or deciphered, in `output`, which may be `input` itself; default: new. */
    update(input: Uint8Array, output?: Uint8Array): Uint8Array
    /** Gives its place in the module's memory back. */
    finalize(): void
  }
  /** `nonce` has 24 bytes, `key` 32. */
  export default function xsalsa20(nonce: Uint8Array, key: Uint8Array): Cipher
}
