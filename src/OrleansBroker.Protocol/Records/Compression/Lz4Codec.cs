using System.Runtime.InteropServices;

namespace OrleansBroker.Protocol.Records.Compression;

/// <summary>
/// The LZ4 frame format, by liblz4. Written as the Java client does: independent blocks of 64 KiB, which is all that it reads,
/// without checksums, for the batch has its own.
/// </summary>
internal static unsafe class Lz4Codec
{
    public const int LevelDefault = 9;

    /// <summary>LZ4F_VERSION.</summary>
    private const uint InterfaceVersion = 100;

    private const int Blocks64KiB = 4;

    /// <summary>From this level on liblz4 uses its slower, denser compressor.</summary>
    private const int DenseLevelMin = 3;

    private static readonly nint Library = NativeCodecLibrary.Load("lz4", 1);

    private static readonly delegate* unmanaged<nuint, uint> IsError = (delegate* unmanaged<nuint, uint>)Export("LZ4F_isError");

    private static readonly delegate* unmanaged<nuint, Preferences*, nuint> CompressFrameBound =
        (delegate* unmanaged<nuint, Preferences*, nuint>)Export("LZ4F_compressFrameBound");

    private static readonly delegate* unmanaged<byte*, nuint, byte*, nuint, Preferences*, nuint> CompressFrame =
        (delegate* unmanaged<byte*, nuint, byte*, nuint, Preferences*, nuint>)Export("LZ4F_compressFrame");

    private static readonly delegate* unmanaged<nint*, uint, nuint> CreateContext =
        (delegate* unmanaged<nint*, uint, nuint>)Export("LZ4F_createDecompressionContext");

    private static readonly delegate* unmanaged<nint, nuint> FreeContext =
        (delegate* unmanaged<nint, nuint>)Export("LZ4F_freeDecompressionContext");

    private static readonly delegate* unmanaged<nint, byte*, nuint*, byte*, nuint*, void*, nuint> DecompressPiece =
        (delegate* unmanaged<nint, byte*, nuint*, byte*, nuint*, void*, nuint>)Export("LZ4F_decompress");

    public static bool IsAvailable => Library != 0;

    public static void Decompress(ReadOnlySpan<byte> source, ref BoundedOutput output)
    {
        ThrowIfMissing();
        nint context;
        if (IsError(CreateContext(&context, InterfaceVersion)) != 0)
        {
            throw new InvalidOperationException("liblz4 gave no decompression context");
        }

        try
        {
            Decompress(context, source, ref output);
        }
        finally
        {
            _ = FreeContext(context);
        }
    }

    public static void Compress(ReadOnlySpan<byte> source, int level, PooledBuffer destination)
    {
        ThrowIfMissing();

        // Kafka means the fast compressor by its default level, 9, and the dense one by all others.
        var preferences = new Preferences
        {
            BlockSizeId = Blocks64KiB,
            BlocksIndependent = 1,
            CompressionLevel = level == LevelDefault ? 0 : Math.Max(level, DenseLevelMin),
        };
        var room = destination.GetSpan(checked((int)CompressFrameBound((nuint)source.Length, &preferences)));
        fixed (byte* from = source)
        fixed (byte* to = room)
        {
            var written = CompressFrame(to, (nuint)room.Length, from, (nuint)source.Length, &preferences);
            if (IsError(written) != 0)
            {
                throw new InvalidOperationException("liblz4 did not compress");
            }

            destination.Advance((int)written);
        }
    }

    private static void Decompress(nint context, ReadOnlySpan<byte> source, ref BoundedOutput output)
    {
        // The decoder says how many more bytes it hopes for: none at the end of a frame.
        nuint hopesFor = 1;
        var read = 0;
        fixed (byte* from = source)
        {
            while (true)
            {
                var room = output.Room();
                var taken = (nuint)(source.Length - read);
                var given = (nuint)room.Length;
                fixed (byte* to = room)
                {
                    hopesFor = DecompressPiece(context, to, &given, from + read, &taken, null);
                }

                if (IsError(hopesFor) != 0)
                {
                    throw new MalformedMessageException("damaged lz4");
                }

                output.Advance((int)given);
                read += (int)taken;
                if (taken == 0 && given == 0 && hopesFor != 0)
                {
                    break;
                }

                if (read == source.Length && (hopesFor == 0 || given < (nuint)room.Length))
                {
                    break;
                }
            }
        }

        if (hopesFor != 0)
        {
            throw new MalformedMessageException("lz4 ends inside a frame");
        }
    }

    private static nint Export(string name) => Library == 0 ? 0 : NativeLibrary.GetExport(Library, name);

    private static void ThrowIfMissing()
    {
        if (!IsAvailable)
        {
            throw new NotSupportedException("lz4 needs liblz4.so.1 (Debian: liblz4-1), which was not found");
        }
    }

    /// <summary>LZ4F_preferences_t.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Preferences
    {
        public int BlockSizeId;
        public int BlocksIndependent;
        public int ContentChecksum;
        public int FrameType;
        public ulong ContentSize;
        public uint DictionaryId;
        public int BlockChecksum;
        public int CompressionLevel;
        public uint AutoFlush;
        public uint FavorDecompressionSpeed;
        public uint Reserved1;
        public uint Reserved2;
        public uint Reserved3;
    }
}
