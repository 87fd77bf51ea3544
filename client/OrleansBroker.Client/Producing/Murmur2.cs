using System.Buffers.Binary;

namespace OrleansBroker.Client;

/// <summary>MurmurHash2 with 32 bits and the seed that Kafka's producers use.</summary>
internal static class Murmur2
{
    private const uint Seed = 0x9747_B28C;
    private const uint M = 0x5BD1_E995;
    private const int R = 24;

    public static uint Hash(ReadOnlySpan<byte> data)
    {
        var hash = Seed ^ (uint)data.Length;
        for (; data.Length >= sizeof(uint); data = data[sizeof(uint)..])
        {
            var k = BinaryPrimitives.ReadUInt32LittleEndian(data) * M;
            k = (k ^ (k >> R)) * M;
            hash = (hash * M) ^ k;
        }

        if (data.Length >= 3)
        {
            hash ^= (uint)data[2] << 16;
        }

        if (data.Length >= 2)
        {
            hash ^= (uint)data[1] << 8;
        }

        if (data.Length >= 1)
        {
            hash = (hash ^ data[0]) * M;
        }

        hash = (hash ^ (hash >> 13)) * M;
        return hash ^ (hash >> 15);
    }
}
