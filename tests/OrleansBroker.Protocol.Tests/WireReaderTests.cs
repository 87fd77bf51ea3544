using System.Buffers.Binary;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Tests;

public sealed class WireReaderTests
{
    private delegate void Read(ref WireReader reader);

    [Fact]
    public void A_string_longer_than_the_frame_is_malformed() => AssertMalformed([0, 9, (byte)'x'], flexible: false, ReadString);

    [Fact]
    public void A_negative_length_other_than_null_is_malformed()
    {
        AssertMalformed([0xFF, 0xFE], flexible: false, ReadNullableString);
        AssertMalformed([0xFF, 0xFF, 0xFF, 0xFE], flexible: false, ReadRecords);
        AssertMalformed([0x80, 0, 0, 0], flexible: false, ReadInt32Array);
    }

    [Fact]
    public void A_varint_of_more_than_32_bits_is_malformed()
    {
        AssertMalformed([0xFF, 0xFF, 0xFF, 0xFF, 0x1F], flexible: true, ReadRecords);
        AssertMalformed([0x80, 0x80, 0x80, 0x80, 0x80, 0], flexible: true, ReadRecords);
        AssertMalformed([0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0, 0, 0, 0], flexible: true, ReadRecords);
    }

    [Fact]
    public void A_string_that_is_not_UTF8_is_malformed() => AssertMalformed([0, 2, 0xC3, 0x28], flexible: false, ReadString);

    [Fact]
    public void A_compact_string_of_more_than_32767_bytes_is_malformed()
    {
        byte[] frame = [0x81, 0x80, 0x02, .. new byte[32768]];
        AssertMalformed(frame, flexible: true, ReadString);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Null_where_it_is_not_allowed_is_malformed(bool flexible)
    {
        byte[] shortNull = flexible ? [0] : [0xFF, 0xFF];
        byte[] longNull = flexible ? [0] : [0xFF, 0xFF, 0xFF, 0xFF];
        AssertMalformed(shortNull, flexible, ReadString);
        AssertMalformed(longNull, flexible, ReadInt32Array);
        AssertMalformed(longNull, flexible, (ref reader) => { ReadOnlyMemory<byte> value = default; reader.Bytes(ref value, 0, 9, "value"); });
        AssertMalformed(longNull, flexible, (ref reader) => { Pair[] value = []; reader.Array(ref value, 0, 9, "value"); });
        AssertMalformed(longNull, flexible, (ref reader) => { string[] value = []; reader.StringArray(ref value, 0, 9, "value"); });
        AssertMalformed(longNull, flexible, (ref reader) => { sbyte[] value = []; reader.Int8Array(ref value, 0, 9, "value"); });
        AssertMalformed(longNull, flexible, (ref reader) => { long[] value = []; reader.Int64Array(ref value, 0, 9, "value"); });
        AssertMalformed(longNull, flexible, (ref reader) => { Guid[] value = []; reader.UuidArray(ref value, 0, 9, "value"); });
        byte[] arrayOfNull = flexible ? [2, 0] : [0, 0, 0, 1, 0xFF, 0xFF];
        AssertMalformed(arrayOfNull, flexible, (ref reader) => { string[]? value = []; reader.NullableStringArray(ref value, 0, 9, 0, "value"); });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Null_is_read_from_the_version_on_that_has_it(bool flexible)
    {
        byte[] shortNull = flexible ? [0] : [0xFF, 0xFF];
        byte[] longNull = flexible ? [0] : [0xFF, 0xFF, 0xFF, 0xFF];
        foreach (short version in (short[])[3, 4])
        {
            AssertNull(version >= 4, shortNull, version, flexible, (ref reader) => { string? value = "x"; reader.NullableString(ref value, 0, 9, 4, "value"); Assert.Null(value); });
            AssertNull(version >= 4, longNull, version, flexible, (ref reader) => { int[]? value = []; reader.NullableInt32Array(ref value, 0, 9, 4, "value"); Assert.Null(value); });
            AssertNull(version >= 4, longNull, version, flexible, (ref reader) => { string[]? value = []; reader.NullableStringArray(ref value, 0, 9, 4, "value"); Assert.Null(value); });
            AssertNull(version >= 4, longNull, version, flexible, (ref reader) => { Pair[]? value = []; reader.NullableArray(ref value, 0, 9, 4, "value"); Assert.Null(value); });
            AssertNull(version >= 4, longNull, version, flexible, (ref reader) => { ReadOnlyMemory<byte>? value = new byte[1]; reader.NullableBytes(ref value, 0, 9, 4, "value"); Assert.Null(value); });
        }
    }

    [Fact]
    public void A_count_alone_allocates_nothing()
    {
        var frame = new byte[200_004];
        BinaryPrimitives.WriteInt32BigEndian(frame, 200_000);
        frame.AsSpan(4).Fill(0xFF);
        AssertMalformed(frame, flexible: false, ReadInt32Array);

        // From here on the runtime has what it allocates for a first exception.
        var before = GC.GetAllocatedBytesForCurrentThread();
        AssertMalformed(frame, flexible: false, (ref reader) => { Pair[] value = []; reader.Array(ref value, 0, 9, "value"); });
        AssertMalformed(frame, flexible: false, ReadInt32Array);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 * 1024);
    }

    [Fact]
    public void Elements_of_nested_arrays_count_together()
    {
        // 1,100 arrays of 1,000 booleans in structs: each of them is modest.
        const int Outer = 1_100;
        const int Inner = 1_000;
        var frame = new byte[4 + (Outer * (4 + Inner))];
        BinaryPrimitives.WriteInt32BigEndian(frame, Outer);
        for (var i = 0; i < Outer; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(4 + (i * (4 + Inner))), Inner);
        }

        Read read = (ref reader) => { Flags[] value = []; reader.Array(ref value, 0, 9, "value"); };
        AssertMalformed(frame, flexible: false, read);

        BinaryPrimitives.WriteInt32BigEndian(frame, 900);
        var fits = new WireReader(frame, version: 0, flexible: false);
        read(ref fits);
    }

    [Fact]
    public void Tags_out_of_order_or_twice_are_malformed()
    {
        AssertMalformed([2, 1, 0, 0, 0], flexible: true, ReadTags);
        AssertMalformed([2, 1, 0, 1, 0], flexible: true, ReadTags);
    }

    [Fact]
    public void A_tagged_value_that_does_not_fill_its_size_is_malformed()
    {
        // Tag 0 is a bool: sizes 0 and 2, where 1 is right.
        AssertMalformed([1, 0, 0, 1], flexible: true, ReadTags);
        AssertMalformed([1, 0, 2, 1, 1], flexible: true, ReadTags);
    }

    [Fact]
    public void Tagged_fields_of_nested_structs_do_not_mix()
    {
        var sent = new Nesting { Flag = true, Inner = new Nesting { Number = 7, Inner = new Nesting { Flag = true } } };
        var sizer = new WireSizer(0, flexible: true);
        sizer.Message(ref sent);
        var bytes = new byte[sizer.Size];
        var writer = new WireWriter(bytes, 0, flexible: true);
        writer.Message(ref sent);
        Assert.Equal(bytes.Length, writer.Position);

        var reader = new WireReader(bytes, 0, flexible: true);
        var received = new Nesting();
        reader.Message(ref received);
        Assert.Equal(0, reader.Remaining);
        Assert.Equal((true, -1L), (received.Flag, received.Number));
        Assert.Equal((false, 7L), (received.Inner!.Flag, received.Inner.Number));
        Assert.Equal((true, -1L), (received.Inner.Inner!.Flag, received.Inner.Inner.Number));
        Assert.Null(received.Inner.Inner.Inner);
    }

    [Fact]
    public void A_string_that_recurs_on_a_connection_is_allocated_once()
    {
        var strings = new StringCache();
        var frame = new byte[] { 0, 5, (byte)'t', (byte)'o', (byte)'p', (byte)'i', (byte)'c' };
        Assert.Same(Once(), Once());

        string Once()
        {
            var reader = new WireReader(frame, 0, flexible: false, strings);
            var value = string.Empty;
            reader.String(ref value, 0, 9, "value");
            return value;
        }
    }

    private static void ReadString(ref WireReader reader)
    {
        var value = string.Empty;
        reader.String(ref value, 0, 9, nameof(value));
    }

    private static void ReadNullableString(ref WireReader reader)
    {
        string? value = null;
        reader.NullableString(ref value, 0, 9, 0, nameof(value));
    }

    private static void ReadRecords(ref WireReader reader)
    {
        RecordSet value = default;
        reader.Records(ref value, 0, 9, nameof(value));
    }

    private static void ReadInt32Array(ref WireReader reader)
    {
        int[] value = [];
        reader.Int32Array(ref value, 0, 9, nameof(value));
    }

    private static void ReadTags(ref WireReader reader)
    {
        var value = new Nesting();
        reader.Message(ref value);
    }

    private static void AssertMalformed(byte[] frame, bool flexible, Read read) =>
        Assert.Throws<MalformedMessageException>(() =>
        {
            var reader = new WireReader(frame, version: 0, flexible);
            read(ref reader);
        });

    private static void AssertNull(bool allowed, byte[] frame, short version, bool flexible, Read read)
    {
        void Run()
        {
            var reader = new WireReader(frame, version, flexible);
            read(ref reader);
        }

        if (allowed)
        {
            Run();
        }
        else
        {
            Assert.Throws<MalformedMessageException>(Run);
        }
    }

    private struct Pair : IWireStruct
    {
        public string Left;
        public string Right;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Left);
            codec.String(ref Right);
        }
    }

    private sealed class Flags : IWireStruct
    {
        public sbyte[] Values = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct => codec.Int8Array(ref Values);
    }

    private sealed class Nesting : IWireStruct
    {
        public bool Flag;
        public long Number = -1;
        public Nesting? Inner;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Tagged(0, ref Flag);
            codec.Tagged(3, ref Number, absent: -1);
            codec.TaggedStruct(5, ref Inner);
        }
    }
}
