using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace OrleansBroker.Storage.Cleaning;

/// <summary>
/// SipHash-2-4 with 128 bits of result (Aumasson and Bernstein, 2012). Two keys with one hash would cost the older one its
/// record; the secret seed keeps clients from choosing such keys, at a fifth of what MD5 costs.
/// </summary>
internal readonly struct KeyHash(ulong seed0, ulong seed1)
{
    public static KeyHash WithSeed(UInt128 seed) => new((ulong)(seed & ulong.MaxValue), (ulong)(seed >> 64));

    public static KeyHash WithRandomSeed()
    {
        Span<byte> seed = stackalloc byte[16];
        RandomNumberGenerator.Fill(seed);
        return new KeyHash(BinaryPrimitives.ReadUInt64LittleEndian(seed), BinaryPrimitives.ReadUInt64LittleEndian(seed[8..]));
    }

    public (ulong Low, ulong High) Compute(ReadOnlySpan<byte> key)
    {
        var state = new State(seed0, seed1);
        var rest = key;
        for (; rest.Length >= 8; rest = rest[8..])
        {
            state.Add(BinaryPrimitives.ReadUInt64LittleEndian(rest));
        }

        Span<byte> last = stackalloc byte[8];
        last.Clear();
        rest.CopyTo(last);
        last[7] = (byte)(key.Length & 0xff);
        state.Add(BinaryPrimitives.ReadUInt64LittleEndian(last));
        return state.Finish();
    }

    private struct State(ulong seed0, ulong seed1)
    {
        private ulong _v0 = seed0 ^ 0x736f6d6570736575;
        private ulong _v1 = seed1 ^ 0x646f72616e646f6d ^ 0xee;
        private ulong _v2 = seed0 ^ 0x6c7967656e657261;
        private ulong _v3 = seed1 ^ 0x7465646279746573;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(ulong word)
        {
            _v3 ^= word;
            Round();
            Round();
            _v0 ^= word;
        }

        public (ulong Low, ulong High) Finish()
        {
            _v2 ^= 0xee;
            var low = Squeeze();
            _v1 ^= 0xdd;
            return (low, Squeeze());
        }

        private ulong Squeeze()
        {
            Round();
            Round();
            Round();
            Round();
            return _v0 ^ _v1 ^ _v2 ^ _v3;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void Round()
        {
            unchecked
            {
                _v0 += _v1;
                _v2 += _v3;
                _v1 = BitOperations.RotateLeft(_v1, 13) ^ _v0;
                _v3 = BitOperations.RotateLeft(_v3, 16) ^ _v2;
                _v0 = BitOperations.RotateLeft(_v0, 32);
                _v2 += _v1;
                _v0 += _v3;
                _v1 = BitOperations.RotateLeft(_v1, 17) ^ _v2;
                _v3 = BitOperations.RotateLeft(_v3, 21) ^ _v0;
                _v2 = BitOperations.RotateLeft(_v2, 32);
            }
        }
    }
}
