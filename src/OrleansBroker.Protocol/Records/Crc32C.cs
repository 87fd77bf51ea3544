using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Arm = System.Runtime.Intrinsics.Arm;

namespace OrleansBroker.Protocol.Records;

/// <summary>
/// CRC-32C (Castagnoli), by the processor's own instruction where it has one (SSE4.2, ARMv8).
/// That instruction takes eight bytes and answers three cycles later, so one chain of it leaves two thirds of the unit idle.
/// A stretch of bytes is therefore cut in three, the thirds are computed side by side, and the three results are joined:
/// appending n bytes to what a CRC covers multiplies it by x^8n modulo the polynomial, which is one carry-less
/// multiplication by a constant, reduced by the CRC instruction itself.
/// </summary>
public static class Crc32C
{
    /// <summary>Below this many bytes a third is too short to be worth the joining.</summary>
    private const int ThirdBytesMin = 32;

    /// <summary>The longest third; longer input goes stretch by stretch, so that the constants fit in the first-level cache.</summary>
    private const int ThirdBytesMax = 2048;

    private static readonly bool HasInstruction = Sse42.X64.IsSupported || Arm.Crc32.Arm64.IsSupported;

    private static readonly uint[] Shifts = BuildShifts();

    public static uint Compute(ReadOnlySpan<byte> bytes) => Append(0, bytes);

    /// <summary>The CRC of what <paramref name="crc"/> covers followed by <paramref name="bytes"/>.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes) =>
        HasInstruction ? ~AppendByInstruction(~crc, bytes) : ~Crc32CTables.Append(~crc, bytes);

    private static uint AppendByInstruction(uint crc, ReadOnlySpan<byte> bytes)
    {
        ref var at = ref MemoryMarshal.GetReference(bytes);
        var left = bytes.Length;
        while (left >= ThirdBytesMin * 3)
        {
            var thirdBytes = Math.Min(left / 3 & ~7, ThirdBytesMax);
            crc = ThreeThirds(crc, ref at, thirdBytes);
            at = ref Unsafe.Add(ref at, thirdBytes * 3);
            left -= thirdBytes * 3;
        }

        for (; left >= 8; left -= 8)
        {
            crc = BitOperations.Crc32C(crc, Unsafe.ReadUnaligned<ulong>(ref at));
            at = ref Unsafe.Add(ref at, 8);
        }

        for (; left > 0; left--)
        {
            crc = BitOperations.Crc32C(crc, at);
            at = ref Unsafe.Add(ref at, 1);
        }

        return crc;
    }

    /// <summary>The last word of the last third is kept back: the joined bits go through the instruction together with it.</summary>
    private static uint ThreeThirds(uint crc, ref byte at, int thirdBytes)
    {
        ref var second = ref Unsafe.Add(ref at, thirdBytes);
        ref var third = ref Unsafe.Add(ref second, thirdBytes);
        uint crc2 = 0;
        uint crc3 = 0;
        nint i = 0;
        for (; i < thirdBytes - 8; i += 8)
        {
            crc = BitOperations.Crc32C(crc, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref at, i)));
            crc2 = BitOperations.Crc32C(crc2, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref second, i)));
            crc3 = BitOperations.Crc32C(crc3, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref third, i)));
        }

        crc = BitOperations.Crc32C(crc, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref at, i)));
        crc2 = BitOperations.Crc32C(crc2, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref second, i)));
        var words = thirdBytes / 8;
        var joined = Multiply(crc, Shifts[words * 2]) ^ Multiply(crc2, Shifts[words]);
        return BitOperations.Crc32C(crc3, joined ^ Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref third, i)));
    }

    /// <summary>The carry-less product, 63 bits of it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Multiply(uint crc, uint constant)
    {
        if (Pclmulqdq.IsSupported)
        {
            return Pclmulqdq.CarrylessMultiply(Vector128.CreateScalar((ulong)crc), Vector128.CreateScalar((ulong)constant), 0).ToScalar();
        }

        if (Arm.Aes.IsSupported)
        {
            return Arm.Aes.PolynomialMultiplyWideningLower(Vector64.CreateScalar((ulong)crc), Vector64.CreateScalar((ulong)constant)).ToScalar();
        }

        return MultiplyBitwise(crc, constant);
    }

    internal static ulong MultiplyBitwise(uint crc, uint constant)
    {
        ulong product = 0;
        for (var bit = 0; bit < 32; bit++)
        {
            product ^= ((ulong)constant << bit) & (0 - (ulong)((crc >> bit) & 1));
        }

        return product;
    }

    /// <summary>
    /// Shifts[w] = x^(64w - 33) modulo the polynomial, the constant by which w words are appended: of the missing 33, 32 come
    /// from the CRC instruction, which multiplies by x^32, and 1 from the product of two bit-reversed numbers, which is one
    /// place too low. (A register bit-reversed: the highest bit is x^0.)
    /// </summary>
    private static uint[] BuildShifts()
    {
        var shifts = new uint[(2 * ThirdBytesMax / 8) + 1];
        var power = 0x8000_0000u;
        for (var exponent = 0; exponent < (64 * (shifts.Length - 1)) - 33; )
        {
            power = (power >> 1) ^ (Crc32CTables.Polynomial & (0 - (power & 1)));
            exponent++;
            if ((exponent + 33) % 64 == 0)
            {
                shifts[(exponent + 33) / 64] = power;
            }
        }

        return shifts;
    }
}
