using System.Text;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Protocol.Tests.Records;

public sealed class Crc32CTests
{
    /// <summary>From RFC 3720, appendix B.4, and the usual check value.</summary>
    public static TheoryData<string, uint> KnownValues => new()
    {
        { "", 0 },
        { Convert.ToHexString(Encoding.ASCII.GetBytes("123456789")), 0xE306_9283 },
        { new string('0', 64), 0x8A91_36AA },
        { new string('F', 64), 0x62A8_AB43 },
        { Convert.ToHexString([.. Enumerable.Range(0, 32).Select(i => (byte)i)]), 0x46DD_794E },
        { Convert.ToHexString([.. Enumerable.Range(0, 32).Select(i => (byte)(31 - i))]), 0x113F_DB5C },
    };

    [Theory]
    [MemberData(nameof(KnownValues))]
    public void Known_bytes_have_their_known_values(string hex, uint expected)
    {
        var bytes = Convert.FromHexString(hex);
        Assert.Equal(expected, Crc32C.Compute(bytes));
        Assert.Equal(expected, ~Crc32CTables.Append(~0u, bytes));
        Assert.Equal(expected, Naive(bytes));
    }

    [Fact]
    public void All_ways_agree_at_every_length_up_to_4096()
    {
        var bytes = new byte[4096 + 7];
        new Random(1).NextBytes(bytes);
        for (var length = 0; length <= 4096; length++)
        {
            AllAgree(bytes.AsSpan(length % 7, length));
        }
    }

    [Fact]
    public void All_ways_agree_at_random_lengths()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var i = 0; i < 40; i++)
        {
            var bytes = new byte[random.Next(4097, 200_000)];
            random.NextBytes(bytes);
            AllAgree(bytes, seed);
        }
    }

    [Fact]
    public void Pieces_append_to_the_value_of_the_whole()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var bytes = new byte[30_000];
        random.NextBytes(bytes);
        var whole = Crc32C.Compute(bytes);
        for (var i = 0; i < 200; i++)
        {
            var cut = random.Next(bytes.Length + 1);
            var pieces = Crc32C.Append(Crc32C.Compute(bytes.AsSpan(0, cut)), bytes.AsSpan(cut));
            Assert.True(whole == pieces, $"seed {seed}, cut at {cut}");
        }
    }

    [Fact]
    public void Multiplication_without_the_instruction_is_the_same()
    {
        var random = new Random(2);
        for (var i = 0; i < 1000; i++)
        {
            var a = (uint)random.NextInt64(1L << 32);
            var b = (uint)random.NextInt64(1L << 32);
            Assert.Equal(Crc32C.Multiply(a, b), Crc32C.MultiplyBitwise(a, b));
        }
    }

    private static void AllAgree(ReadOnlySpan<byte> bytes, int seed = 1)
    {
        var expected = Naive(bytes);
        Assert.True(expected == Crc32C.Compute(bytes), $"seed {seed}, length {bytes.Length}");
        Assert.True(expected == ~Crc32CTables.Append(~0u, bytes), $"tables, seed {seed}, length {bytes.Length}");
    }

    private static uint Naive(ReadOnlySpan<byte> bytes)
    {
        var register = ~0u;
        foreach (var b in bytes)
        {
            register ^= b;
            for (var bit = 0; bit < 8; bit++)
            {
                register = (register >> 1) ^ ((register & 1) == 0 ? 0 : 0x82F6_3B78u);
            }
        }

        return ~register;
    }
}
