using OrleansBroker.Simulation;

namespace OrleansBroker.Storage.Tests.Recovery;

/// <summary>One random damage to one random file below the data directory.</summary>
internal static class FileDamage
{
    /// <summary>Returns what was done, in words.</summary>
    public static string Apply(SimulatedDisk disk, Random random)
    {
        var paths = disk.Dump().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[0]).ToArray();
        if (paths.Length == 0)
        {
            return "nothing left";
        }

        var path = paths[random.Next(paths.Length)];
        var bytes = disk.ReadAll(path);
        var kind = random.Next(8);
        switch (kind)
        {
            case 0:
                disk.DeleteFile(path);
                return $"{path} deleted";
            case 1:
                disk.WriteAll(path, bytes.AsSpan(0, random.Next(bytes.Length + 1)));
                return $"{path} cut";
            case 2:
                var noise = new byte[random.Next(1, 200)];
                random.NextBytes(noise);
                disk.WriteAll(path, [.. bytes, .. noise]);
                return $"{path} with noise at the end";
            case 3:
                disk.WriteAll(path, [.. bytes, .. new byte[random.Next(1, 5000)]]);
                return $"{path} with zeros at the end";
            case 4:
                var other = disk.ReadAll(paths[random.Next(paths.Length)]);
                disk.WriteAll(path, other);
                return $"{path} replaced by another file";
            default:
                var (at, length) = Overwrite(bytes, random, kind);
                disk.WriteAll(path, bytes);
                return $"{path} overwritten, {length} bytes at {at}";
        }
    }

    private static (int At, int Length) Overwrite(byte[] bytes, Random random, int kind)
    {
        if (bytes.Length == 0)
        {
            return (0, 0);
        }

        // Near the start and the end lie the fields that lead astray.
        var at = random.Next(3) switch
        {
            0 => random.Next(Math.Min(64, bytes.Length)),
            1 => bytes.Length - 1 - random.Next(Math.Min(64, bytes.Length)),
            _ => random.Next(bytes.Length),
        };
        var length = Math.Min(kind == 5 ? 1 : random.Next(1, 20), bytes.Length - at);
        var part = bytes.AsSpan(at, length);
        if (kind == 7)
        {
            part.Fill((byte)(random.Next(2) * 255));
        }
        else
        {
            random.NextBytes(part);
        }

        return (at, length);
    }
}
