namespace OrleansBroker.Protocol.Tests;

/// <summary>Whatever the bytes are, the outcome is a message or a <see cref="MalformedMessageException"/>, and memory stays bounded.</summary>
public sealed class MessageMalformedTests
{
    private const int FuzzRoundsPerVersion = 150;

    /// <summary>Room for an exception with its stack trace and for the first elements of an array.</summary>
    private const long AllocatedBytesBase = 64 * 1024;

    /// <summary>What a byte of input may cost: a struct of one byte on the wire, as an object with a few empty arrays.</summary>
    private const long AllocatedBytesPerByte = 256;

    public static TheoryData<string> Messages => [.. MessageCase.All.Select(message => message.Name)];

    public static TheoryData<string> FlexibleMessages =>
        [.. MessageCase.All.Where(message => message.Api.IsFlexible(message.Api.VersionMax)).Select(message => message.Name)];

    [Theory]
    [MemberData(nameof(Messages))]
    public void Every_truncation_is_malformed(string name) => Seeded.Run(random =>
    {
        var message = MessageCase.Find(name);
        foreach (var version in message.Versions)
        {
            var bytes = message.Encode(message.Random(random, version), version);
            for (var length = 0; length < bytes.Length; length++)
            {
                Assert.False(TryDecode(message, bytes.AsMemory(0, length), version), $"{name} v{version}: {length} of {bytes.Length} bytes were enough");
            }
        }
    });

    [Theory]
    [MemberData(nameof(Messages))]
    public void Absurd_lengths_at_any_place_allocate_little(string name) => Seeded.Run(random =>
    {
        byte[][] absurd = [[0x7F, 0xFF, 0xFF, 0xFF], [0x80, 0, 0, 0], [0xFF, 0xFF, 0xFF, 0xFE], [0xFF, 0xFF, 0xFF, 0xFF, 0x0F], [0x7F, 0xFF], [0x80, 0]];
        var message = MessageCase.Find(name);
        foreach (var version in message.Versions)
        {
            var bytes = message.Encode(message.Random(random, version), version);
            for (var at = 0; at < bytes.Length; at += random.Next(1, 8))
            {
                var length = absurd[random.Next(absurd.Length)];
                var changed = bytes.ToArray();
                length.AsSpan(0, Math.Min(length.Length, changed.Length - at)).CopyTo(changed.AsSpan(at));
                TryDecode(message, changed, version);
            }
        }
    });

    [Theory]
    [MemberData(nameof(Messages))]
    public void Random_and_damaged_bytes_do_no_harm(string name) => Seeded.Run(random =>
    {
        var message = MessageCase.Find(name);
        foreach (var version in message.Versions)
        {
            var valid = message.Encode(message.Random(random, version), version);
            for (var round = 0; round < FuzzRoundsPerVersion; round++)
            {
                TryDecode(message, round % 2 == 0 ? Noise(random) : Damaged(random, valid), version);
            }
        }
    });

    [Theory]
    [MemberData(nameof(FlexibleMessages))]
    public void Unknown_tagged_fields_are_skipped(string name) => Seeded.Run(random =>
    {
        var message = MessageCase.Find(name);
        foreach (var version in message.Versions.Where(message.Api.IsFlexible))
        {
            var sent = message.Random(random, version, tagged: false);
            var bytes = message.Encode(sent, version);
            Assert.Equal(0, bytes[^1]);

            // Two tagged fields, 1000 (three bytes) and 1001 (none), instead of none at all.
            byte[] extended = [.. bytes[..^1], 2, 0xE8, 0x07, 3, 1, 2, 3, 0xE9, 0x07, 0];
            var received = message.Decode(extended, version, out var consumed);
            Assert.Equal(extended.Length, consumed);
            Assert.Equal(message.Print(sent, version), message.Print(received, version));
        }
    });

    private static bool TryDecode(MessageCase message, ReadOnlyMemory<byte> bytes, short version)
    {
        var allowed = AllocatedBytesBase + (AllocatedBytesPerByte * bytes.Length);
        var (read, allocated) = Measure(message, bytes, version);
        if (allocated > allowed)
        {
            // The first exceptions of a process allocate what the runtime needs for them; the bytes would do it again.
            (read, allocated) = Measure(message, bytes, version);
        }

        Assert.True(allocated <= allowed, $"{message} v{version}: {allocated} bytes allocated for {Convert.ToHexString(bytes.Span)}");
        return read;
    }

    private static (bool Read, long AllocatedBytes) Measure(MessageCase message, ReadOnlyMemory<byte> bytes, short version)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var read = true;
        try
        {
            message.Decode(bytes, version, out _);
        }
        catch (MalformedMessageException)
        {
            read = false;
        }

        return (read, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static byte[] Noise(Random random)
    {
        var bytes = new byte[random.Next(200)];
        random.NextBytes(bytes);

        // Mostly small values, or else the first length ends it.
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = random.Next(4) == 0 ? bytes[i] : (byte)(bytes[i] & 3);
        }

        return bytes;
    }

    private static byte[] Damaged(Random random, byte[] valid)
    {
        var bytes = valid.ToArray();
        for (var flips = random.Next(1, 4); flips > 0 && bytes.Length > 0; flips--)
        {
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        }

        return bytes;
    }
}
