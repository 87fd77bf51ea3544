using System.Buffers.Binary;
using OrleansBroker.Storage.Cleaning;

namespace OrleansBroker.Storage.Tests.Cleaning;

public class KeyHashTests
{
    // The first two of the reference implementation's vectors: seed 00 01 .. 0f, keys of no byte and of the byte 00.
    [Theory]
    [InlineData("", "a3817f04ba25a8e66df67214c7550293")]
    [InlineData("00", "da87c1d86b99af44347659119b22fc45")]
    public void Agrees_with_the_reference_vectors(string key, string expected)
    {
        var (low, high) = new KeyHash(0x0706050403020100, 0x0f0e0d0c0b0a0908).Compute(Convert.FromHexString(key));
        var hash = new byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(hash, low);
        BinaryPrimitives.WriteUInt64LittleEndian(hash.AsSpan(8), high);
        Assert.Equal(expected, Convert.ToHexStringLower(hash));
    }

    [Fact]
    public void Keys_of_all_lengths_hash_apart()
    {
        var hash = KeyHash.WithRandomSeed();
        var zeros = new byte[300];
        var hashes = Enumerable.Range(0, 300).Select(length => hash.Compute(zeros.AsSpan(0, length))).ToHashSet();
        Assert.Equal(300, hashes.Count);
    }
}
