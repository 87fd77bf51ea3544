namespace OrleansBroker.Client;

/// <summary>Which part of a record is serialized.</summary>
public enum MessageComponentType
{
    Key = 1,
    Value = 2,
}
