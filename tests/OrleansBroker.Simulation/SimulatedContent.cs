namespace OrleansBroker.Simulation;

/// <summary>
/// A file's bytes, twice: in the page cache, as running code sees them, and on the platter. Between them lie the writes
/// since the last flush, in order; for a mapped file, whose writes cannot be seen, the sectors that differ.
/// </summary>
internal sealed class SimulatedContent : SimulatedNode
{
    private readonly List<PendingWrite> _pending = [];
    private byte[] _cache = [];
    private byte[] _durable = [];
    private int _durableLength;
    private int _maps;
    private bool _wasMapped;

    public int Length { get; private set; }

    /// <summary>The bytes that running code sees. An array that is mapped stays the same until it is unmapped.</summary>
    public Span<byte> Bytes => _cache.AsSpan(0, Length);

    public bool IsFlushed => _wasMapped ? _durable.AsSpan(0, _durableLength).SequenceEqual(Bytes) : _pending.Count == 0;

    public void Write(long position, ReadOnlySpan<byte> bytes)
    {
        var end = checked((int)(position + bytes.Length));
        Resize(Math.Max(Length, end));
        bytes.CopyTo(_cache.AsSpan((int)position));
        if (!_wasMapped)
        {
            _pending.Add(new PendingWrite((int)position, bytes.ToArray()));
        }
    }

    public void SetLength(long length)
    {
        Resize(checked((int)length));
        if (!_wasMapped)
        {
            _pending.Add(new PendingWrite((int)length, null));
        }
    }

    /// <summary>Sets the length to <paramref name="capacityBytes"/> and gives the array itself.</summary>
    public byte[] Map(int capacityBytes)
    {
        Resize(capacityBytes);
        if (_cache.Length != capacityBytes)
        {
            Array.Resize(ref _cache, capacityBytes);
        }

        _wasMapped = true;
        _maps++;
        return _cache;
    }

    public void Unmap() => _maps--;

    public void Flush()
    {
        if (_wasMapped)
        {
            _durable = Bytes.ToArray();
            _durableLength = Length;
        }
        else
        {
            _pending.ForEach(write => write.ApplyTo(ref _durable, ref _durableLength));
        }

        _pending.Clear();
        _wasMapped = _maps > 0;
    }

    public void FlipBit(long bit)
    {
        _cache[bit / 8] ^= (byte)(1 << (int)(bit % 8));
        if (bit / 8 < _durableLength)
        {
            _durable[bit / 8] ^= (byte)(1 << (int)(bit % 8));
        }
    }

    public override void LosePower(Random random, DiskFaults faults)
    {
        if (_wasMapped)
        {
            LoseSectors(random, faults);
        }
        else
        {
            foreach (var write in _pending)
            {
                write.Lose(random, faults, ref _durable, ref _durableLength);
            }
        }

        _pending.Clear();
        _cache = _durable.AsSpan(0, _durableLength).ToArray();
        Length = _durableLength;
        _maps = 0;
        _wasMapped = false;
    }

    public override void Detach()
    {
        if (_maps > 0)
        {
            _cache = Bytes.ToArray();
            _maps = 0;
        }
    }

    public override SimulatedNode Fork()
    {
        var fork = new SimulatedContent
        {
            _cache = Bytes.ToArray(),
            Length = Length,
            _durable = _durable.AsSpan(0, _durableLength).ToArray(),
            _durableLength = _durableLength,
            _wasMapped = _wasMapped,
        };
        fork._pending.AddRange(_pending);
        return fork;
    }

    private void LoseSectors(Random random, DiskFaults faults)
    {
        if (random.NextDouble() < faults.WriteSurvivalChance)
        {
            SetLength(ref _durable, ref _durableLength, Length);
        }

        var common = Math.Min(Length, _durableLength);
        const int SectorBytes = 512;
        for (var start = 0; start < common; start += SectorBytes)
        {
            var bytes = Math.Min(SectorBytes, common - start);
            if (random.NextDouble() < faults.WriteSurvivalChance)
            {
                _cache.AsSpan(start, bytes).CopyTo(_durable.AsSpan(start));
            }
        }
    }

    private void Resize(int length)
    {
        if (_maps > 0 && length != Length)
        {
            throw new InvalidOperationException("a mapped file does not change its length");
        }

        var oldLength = Length;
        SetLength(ref _cache, ref oldLength, length);
        Length = length;
    }

    private static void SetLength(ref byte[] bytes, ref int current, int length)
    {
        if (length > bytes.Length)
        {
            Array.Resize(ref bytes, Math.Max(length, bytes.Length * 2));
        }

        if (length < current)
        {
            bytes.AsSpan(length, current - length).Clear();
        }

        current = length;
    }

    /// <summary>Bytes written at a position or, without bytes, a length set to it.</summary>
    private readonly record struct PendingWrite(int Position, byte[]? Written)
    {
        public void ApplyTo(ref byte[] bytes, ref int length) => Store(0, Written?.Length ?? 0, ref bytes, ref length);

        public void Lose(Random random, DiskFaults faults, ref byte[] bytes, ref int length)
        {
            if (random.NextDouble() < faults.WriteSurvivalChance)
            {
                ApplyTo(ref bytes, ref length);
                return;
            }

            if (Written is null)
            {
                return;
            }

            if (random.NextDouble() < faults.TornWriteChance)
            {
                var (from, to) = Tear(random, faults.TearBytes);
                Store(from, to, ref bytes, ref length);
            }

            if (Position + Written.Length > length && random.NextDouble() < faults.LengthWithoutDataChance)
            {
                SetLength(ref bytes, ref length, Position + Written.Length);
            }
        }

        /// <summary>A part of the write that ends or begins at a border of the atomic unit, in the file's positions.</summary>
        private (int From, int To) Tear(Random random, int unitBytes)
        {
            var border = (Position + random.Next(Written!.Length + 1)) / unitBytes * unitBytes;
            var tear = Math.Clamp(border - Position, 0, Written.Length);
            return random.Next(2) == 0 ? (0, tear) : (tear, Written.Length);
        }

        private void Store(int from, int to, ref byte[] bytes, ref int length)
        {
            if (Written is null)
            {
                SetLength(ref bytes, ref length, Position);
            }
            else if (to > from)
            {
                SetLength(ref bytes, ref length, Math.Max(length, Position + to));
                Written.AsSpan(from, to - from).CopyTo(bytes.AsSpan(Position + from));
            }
        }
    }
}
