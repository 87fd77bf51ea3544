using System.Text;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Protocol.Tests.Records;

public sealed class RecordCompressionTests
{
    public static TheoryData<CompressionCodec> Codecs => [.. Batches.AvailableCodecs];

    public static TheoryData<CompressionCodec> Compressing => [.. Batches.AvailableCodecs.Where(codec => codec != CompressionCodec.None)];

    [Theory]
    [MemberData(nameof(Codecs))]
    public void All_kinds_of_bytes_come_back(CompressionCodec codec)
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        foreach (var length in new[] { 0, 1, 4, 15, 16, 17, 100, 4096, 32 * 1024, (32 * 1024) + 1, 65_536, 65_537, 300_000, 1 << 20 })
        {
            foreach (var kind in new[] { 1, 2, 20, 256 })
            {
                var bytes = Bytes(random, length, kind);
                using var compressed = new PooledBuffer();
                using var plain = new PooledBuffer();
                plain.Write([42]);
                var count = RecordCompression.Compress(codec, null, bytes, compressed);
                Assert.Equal(compressed.Length, count);
                Assert.Equal(length, RecordCompression.Decompress(codec, compressed.Span, plain, length));
                Assert.True(plain.Span[1..].SequenceEqual(bytes), $"seed {seed}, {length} bytes, kind {kind}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Compressing))]
    public void Every_level_comes_back(CompressionCodec codec)
    {
        var bytes = Encoding.UTF8.GetBytes(string.Join(' ', Enumerable.Range(0, 5000)));
        foreach (var level in Enumerable.Range(-7, 30).Append(-131072).Where(level => RecordCompression.IsLevel(codec, level)))
        {
            using var compressed = new PooledBuffer();
            using var plain = new PooledBuffer();
            RecordCompression.Compress(codec, level, bytes, compressed);
            RecordCompression.Decompress(codec, compressed.Span, plain, bytes.Length);
            Assert.True(plain.Span.SequenceEqual(bytes), $"level {level}");
        }
    }

    [Fact]
    public void Levels_are_those_of_Kafka()
    {
        Assert.Equal([-1, 9, 3], new[] { CompressionCodec.Gzip, CompressionCodec.Lz4, CompressionCodec.Zstd }.Select(RecordCompression.DefaultLevel));
        Assert.False(RecordCompression.IsLevel(CompressionCodec.Gzip, 0));
        Assert.False(RecordCompression.IsLevel(CompressionCodec.Gzip, 10));
        Assert.False(RecordCompression.IsLevel(CompressionCodec.Lz4, 18));
        Assert.False(RecordCompression.IsLevel(CompressionCodec.Zstd, 23));
        Assert.True(RecordCompression.IsLevel(CompressionCodec.Zstd, -131072));
    }

    [Theory]
    [MemberData(nameof(Compressing))]
    public void A_bomb_is_refused_before_it_takes_memory(CompressionCodec codec)
    {
        const int BytesMax = 1 << 20;
        using var compressed = new PooledBuffer();
        RecordCompression.Compress(codec, null, new byte[50 << 20], compressed);
        using var plain = new PooledBuffer();
        Assert.Throws<MalformedMessageException>(() => RecordCompression.Decompress(codec, compressed.Span, plain, BytesMax));
        Assert.InRange(plain.Capacity, 0, 2 * BytesMax);
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void The_limit_is_exact(CompressionCodec codec)
    {
        var bytes = Bytes(new Random(5), 10_000, 20);
        using var compressed = new PooledBuffer();
        using var plain = new PooledBuffer();
        RecordCompression.Compress(codec, null, bytes, compressed);
        Assert.Equal(bytes.Length, RecordCompression.Decompress(codec, compressed.Span, plain, bytes.Length));
        Assert.Throws<MalformedMessageException>(() => RecordCompression.Decompress(codec, compressed.Span, plain, bytes.Length - 1));
        Assert.Throws<MalformedMessageException>(() => RecordCompression.Decompress(codec, compressed.Span, plain, 0));
    }

    [Theory]
    [MemberData(nameof(Compressing))]
    public void Every_truncation_is_malformed_or_loses_nothing(CompressionCodec codec)
    {
        var bytes = Bytes(new Random(6), 1000, 20);
        using var compressed = new PooledBuffer();
        using var plain = new PooledBuffer();
        RecordCompression.Compress(codec, null, bytes, compressed);
        for (var length = 0; length < compressed.Length; length++)
        {
            plain.Clear();
            try
            {
                RecordCompression.Decompress(codec, compressed.Span[..length], plain, 10_000);
            }
            catch (MalformedMessageException)
            {
                continue;
            }

            // A gzip trailer may be missing; a snappy frame may end after any block; the records' count tells then.
            Assert.True(bytes.AsSpan().StartsWith(plain.Span), $"at {length}");
        }
    }

    [Theory]
    [MemberData(nameof(Compressing))]
    public void Random_damage_is_malformed_or_goes_unnoticed_but_never_anything_else(CompressionCodec codec)
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        using var compressed = new PooledBuffer();
        using var plain = new PooledBuffer();
        RecordCompression.Compress(codec, null, Bytes(random, 3000, 20), compressed);
        for (var i = 0; i < 3000; i++)
        {
            var damaged = compressed.Span.ToArray();
            for (var hits = random.Next(1, 5); hits > 0; hits--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            plain.Clear();
            var thrown = Record.Exception(() => RecordCompression.Decompress(codec, damaged, plain, 1 << 16));
            Assert.True(thrown is null or MalformedMessageException, $"seed {seed}: {thrown}");
            Assert.True(plain.Length <= 1 << 16, $"seed {seed}");
        }
    }

    [Fact]
    public void A_codec_that_does_not_exist_is_malformed()
    {
        using var buffer = new PooledBuffer();
        Assert.False(RecordCompression.IsAvailable((CompressionCodec)5));
        Assert.Throws<MalformedMessageException>(() => RecordCompression.Decompress((CompressionCodec)5, [1], buffer, 1));
    }

    [Theory]
    [InlineData("05" + "1068656C6C6F", "hello")]
    [InlineData("09" + "086C6F6C" + "0903", "lollollol")]
    [InlineData("09" + "086C6F6C" + "160300", "lollollol")]
    [InlineData("09" + "086C6F6C" + "1703000000", "lollollol")]
    [InlineData("05" + "F00468656C6C6F", "hello")]
    [InlineData("05" + "F4040068656C6C6F", "hello")]
    [InlineData("00", "")]
    public void Bare_snappy_blocks_are_read(string hex, string expected) =>
        Assert.Equal(expected, Encoding.ASCII.GetString(Snappy(hex)));

    [Theory]
    [InlineData("FFFFFFFF7F")]
    [InlineData("FFFFFFFF0F00")]
    [InlineData("06" + "1068656C6C6F")]
    [InlineData("04" + "1068656C6C6F")]
    [InlineData("09" + "086C6F6C" + "160400")]
    [InlineData("09" + "086C6F6C" + "160000")]
    [InlineData("09" + "086C6F6C" + "1603")]
    [InlineData("05" + "FCFFFFFFFF68656C6C6F")]
    [InlineData("")]
    public void Damaged_snappy_blocks_are_refused(string hex) => Assert.Throws<MalformedMessageException>(() => Snappy(hex));

    [Fact]
    public void Framed_snappy_may_begin_again_in_the_middle()
    {
        const string Header = "82534E4150505900" + "00000001" + "00000001";
        const string Hello = "00000007" + "051068656C6C6F";
        Assert.Equal("hellohello", Encoding.ASCII.GetString(Snappy(Header + Hello + Header + Hello)));
        Assert.Equal("hello", Encoding.ASCII.GetString(Snappy(Header + Hello + Header)));
        Assert.Throws<MalformedMessageException>(() => Snappy(Header + Hello + "00000008" + "051068656C6C6F"));
        Assert.Throws<MalformedMessageException>(() => Snappy(Header + Hello + "FFFFFFFF"));
        Assert.Throws<MalformedMessageException>(() => Snappy(Header + Hello + "0000"));
        Assert.Throws<MalformedMessageException>(() => Snappy("82534E4150505900" + "00000000" + "00000001" + Hello));
    }

    [Fact]
    public void Snappy_makes_repetition_small()
    {
        using var compressed = new PooledBuffer();
        RecordCompression.Compress(CompressionCodec.Snappy, null, Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("the same again, ", 1000))), compressed);
        Assert.InRange(compressed.Length, 1, 1000);
    }

    private static byte[] Snappy(string hex)
    {
        using var plain = new PooledBuffer();
        RecordCompression.Decompress(CompressionCodec.Snappy, Convert.FromHexString(hex), plain, 1000);
        return plain.Span.ToArray();
    }

    /// <summary>The fewer kinds of bytes, the better they compress.</summary>
    private static byte[] Bytes(Random random, int length, int kinds)
    {
        var bytes = new byte[length];
        for (var i = 0; i < length; i++)
        {
            bytes[i] = i >= 64 && random.Next(4) > 0 && kinds < 256 ? bytes[i - 64] : (byte)random.Next(kinds);
        }

        return bytes;
    }
}
