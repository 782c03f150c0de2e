import { describe, expect, it } from 'vitest'
import { unpackNumbers } from './message-pack.ts'

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))

describe('numbers in MessagePack', () => {
  it.each<[string, number[]]>([
    ['90', []],
    ['93 00 01 7f', [0, 1, 127]],
    ['92 ff e0', [-1, -32]],
    ['92 cc80 ccff', [128, 255]],
    ['92 cd0100 cdffff', [256, 65_535]],
    ['92 ce00010000 ceffffffff', [65_536, 4_294_967_295]],
    ['92 cf0000000100000000 cf001fffffffffffff', [4_294_967_296, Number.MAX_SAFE_INTEGER]],
    ['93 d0df d0807f', [-33, -128, 127]],
    ['92 d1ff7f d18000', [-129, -32_768]],
    ['92 d2ffff7fff d280000000', [-32_769, -2_147_483_648]],
    ['92 d3ffffffff7fffffff d3ffe0000000000001', [-2_147_483_649, Number.MIN_SAFE_INTEGER]],
    [`dc0010 ${'05'.repeat(16)}`, Array.from({ length: 16 }, () => 5)],
  ])('%s', (packed, numbers) => {
    expect(unpackNumbers(bytes(packed))).toEqual(numbers)
  })

  it.each([
    ['nothing', ''],
    ['no list', '05'],
    ['a list cut short', '92 01'],
    ['a number cut short', '91 cf00000000'],
    ['more than the list', '91 01 02'],
    ['text', '92 01 a178'],
    ['a fraction', '91 cb3ff8000000000000'],
    ['a number too large to be exact', '91 cf0020000000000000'],
    ['a long list without its length', 'dc 00'],
  ])('are not read from %s', (_what, packed) => {
    expect(unpackNumbers(bytes(packed))).toBeUndefined()
  })
})
