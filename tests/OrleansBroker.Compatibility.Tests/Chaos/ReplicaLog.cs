using System.Buffers.Binary;
using System.Globalization;

namespace OrleansBroker.Compatibility.Tests.Chaos;

/// <summary>One broker's copy of a partition, read from its segments by this test's own knowledge of the format.</summary>
internal static class ReplicaLog
{
    private const int LengthAt = 8;
    private const int LogOverheadBytes = 12;
    private const int LastOffsetDeltaAt = 23;

    /// <summary>The batches of a partition that begin below an offset, whatever segments they lie in.</summary>
    public static List<StoredBatch> Read(string dataDirectory, string topic, int partition, long end)
    {
        var batches = new List<StoredBatch>();
        string directory = Path.Combine(dataDirectory, string.Create(CultureInfo.InvariantCulture, $"{topic}-{partition}"));
        foreach (string segment in Directory.GetFiles(directory, "*.log").Order(StringComparer.Ordinal))
        {
            byte[] bytes = File.ReadAllBytes(segment);
            for (int at = 0; at < bytes.Length;)
            {
                int length = LogOverheadBytes + BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at + LengthAt));
                long baseOffset = BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(at));
                long nextOffset = baseOffset + BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at + LastOffsetDeltaAt)) + 1;
                if (baseOffset < end)
                {
                    batches.Add(new StoredBatch(baseOffset, nextOffset, bytes.AsMemory(at, length)));
                }
                at += length;
            }
        }
        return batches;
    }
}
