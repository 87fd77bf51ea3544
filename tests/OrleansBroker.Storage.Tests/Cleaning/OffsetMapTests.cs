using System.Text;
using OrleansBroker.Storage.Cleaning;

namespace OrleansBroker.Storage.Tests.Cleaning;

public class OffsetMapTests
{
    private static readonly KeyHash _hash = new(1, 2);

    [Fact]
    public void Holds_the_last_offset_of_every_key()
    {
        using var map = new OffsetMap(1 << 20, 0.9, 20_000, _hash);
        for (var offset = 0; offset < 20_000; offset++)
        {
            Assert.True(map.TryPut(Key(offset % 7_000), offset));
        }

        Assert.Equal(7_000, map.Count);
        for (var key = 0; key < 7_000; key++)
        {
            Assert.Equal(key < 6_000 ? key + 14_000 : key + 7_000, map.Get(Key(key)));
        }

        Assert.Equal(-1, map.Get(Key(7_001)));
    }

    [Fact]
    public void A_full_map_refuses_new_keys_and_still_takes_known_ones()
    {
        using var map = new OffsetMap(100 * OffsetMap.SlotBytes, 0.9, long.MaxValue, _hash);
        var key = 0;
        while (map.TryPut(Key(key), key))
        {
            key++;
        }

        Assert.Equal(90, key);
        Assert.True(map.TryPut(Key(5), 500));
        Assert.Equal(500, map.Get(Key(5)));
        Assert.Equal(-1, map.Get(Key(90)));
    }

    [Fact]
    public void Takes_only_the_memory_that_the_keys_need()
    {
        using var map = new OffsetMap(128 << 20, 0.9, 9, _hash);
        Assert.InRange(map.MemoryBytes, 10 * OffsetMap.SlotBytes, 12 * OffsetMap.SlotBytes);
        Assert.All(Enumerable.Range(0, 9), key => Assert.True(map.TryPut(Key(key), key)));
    }

    [Fact]
    public void The_smallest_buffer_still_takes_a_key()
    {
        using var map = new OffsetMap(0, 0.9, long.MaxValue, _hash);
        Assert.True(map.TryPut(Key(1), 1));
        Assert.False(map.TryPut(Key(2), 2));
    }

    private static byte[] Key(int value) => Encoding.ASCII.GetBytes($"key-{value}");
}
