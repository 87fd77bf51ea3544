using System.Buffers.Binary;

namespace OrleansBroker.Protocol.Records;

/// <summary>CRC-32C without the processor's help: eight bytes a step, each through a table of its own (slicing by 8).</summary>
internal static class Crc32CTables
{
    /// <summary>Bit-reversed.</summary>
    public const uint Polynomial = 0x82F6_3B78;

    private static readonly uint[][] Tables = Build();

    /// <summary>On the register itself, which the caller inverts before and after.</summary>
    public static uint Append(uint register, ReadOnlySpan<byte> bytes)
    {
        var t = Tables;
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            var low = BinaryPrimitives.ReadUInt32LittleEndian(bytes) ^ register;
            var high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            register = t[7][(byte)low] ^ t[6][(byte)(low >> 8)] ^ t[5][(byte)(low >> 16)] ^ t[4][low >> 24]
                ^ t[3][(byte)high] ^ t[2][(byte)(high >> 8)] ^ t[1][(byte)(high >> 16)] ^ t[0][high >> 24];
        }

        foreach (var b in bytes)
        {
            register = t[0][(byte)(register ^ b)] ^ (register >> 8);
        }

        return register;
    }

    private static uint[][] Build()
    {
        var tables = new uint[8][];
        tables[0] = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            var register = i;
            for (var bit = 0; bit < 8; bit++)
            {
                register = (register >> 1) ^ (Polynomial & (0 - (register & 1)));
            }

            tables[0][i] = register;
        }

        for (var t = 1; t < 8; t++)
        {
            tables[t] = Array.ConvertAll(tables[t - 1], previous => tables[0][(byte)previous] ^ (previous >> 8));
        }

        return tables;
    }
}
